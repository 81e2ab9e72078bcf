import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask } from "@/lib/api";
import { useLive } from "@/lib/live";
import { keyOf, type LiveCampaign } from "../campaign";

const PAUSE_MS = 400;
const SLOW_MS = 5_000;
const IDLE_MS = 30_000;

/** The figures, asked for anew as soon as the live topic says that something moved: together less than a second behind. */
export function useFigures(campaign: string) {
  const live = useLive<LiveCampaign>(`campaign:${campaign}`);
  const query = useQuery({
    queryKey: [...keyOf(campaign), "figures"],
    queryFn: async () => {
      const figures = await ask(api.GET("/api/v1/campaigns/{campaign}/figures", { params: { path: { campaign } } }));
      return { figures, ahead: Date.parse(figures.at) - Date.now() };
    },
    refetchInterval: IDLE_MS,
  });
  useFollow(live, PAUSE_MS, () => void query.refetch());
  return { live, query };
}

/** `act` runs soon after `what` became another, at most once in `pause` milliseconds. */
export function useFollow(what: unknown, pause: number, act: () => void): void {
  const held = useRef(act);
  held.current = act;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (what === undefined || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      held.current();
    }, pause);
  }, [what, pause]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}

export const useSlowly = (live: LiveCampaign | undefined, act: () => void): void => useFollow(live, SLOW_MS, act);

/** Milliseconds until a time of the server, whose clock is `ahead` of ours; counted down by the second. */
export function useLeft(until: string | null, ahead: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? 0 : Math.max(0, Date.parse(until) - ahead - now);
}

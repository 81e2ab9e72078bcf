import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { useDraft } from "@/lib/draft";
import type { View } from "../campaign";
import { askedOf, changed, isWhole, type Plan } from "./plan";

const NAMES_MAX = 50;
const CONFLICT = 409;

/** The plan as it is edited. It is kept by itself: made as soon as the server can keep it, changed from then on.
 *  `kept`: how often. `called`: the name under which it is kept, also while the field is empty. */
export function usePlan(start: Plan, campaign: string | undefined, onMade?: (id: string) => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const id = useRef(campaign);
  const [kept, setKept] = useState(0);
  const saved = useRef(askedOf(start));
  const [called, setCalled] = useState(start.name);
  const draft = useDraft(start, async (plan) => {
    if (!isWhole(plan)) return;
    const asked = { ...askedOf(plan), name: plan.name.trim() || saved.current.name };
    if (id.current === undefined) {
      const made = await make(plan);
      id.current = made.id;
      saved.current = { ...asked, name: made.name };
      setCalled(made.name);
      onMade?.(made.id);
      if (location.pathname.endsWith("/campaigns/new/plan"))
        void navigate({
          to: "/campaigns/$campaign/plan",
          params: { campaign: made.id },
          replace: true,
          resetScroll: false,
          search: true,
        });
    } else {
      const body = changed(saved.current, asked);
      if (!Object.keys(body).length) return;
      await ask(api.PATCH("/api/v1/campaigns/{campaign}", { params: { path: { campaign: id.current } }, body }));
      saved.current = asked;
      setCalled(asked.name);
    }
    setKept((n) => n + 1);
    void client.invalidateQueries({ queryKey: ["campaigns", "list"] });
  });
  return { ...draft, id: id.current, kept, called };
}

export type Planned = ReturnType<typeof usePlan>;

/** Without a name it gets that of its message; where that is taken, with a number. */
async function make(plan: Plan): Promise<View> {
  const wanted = plan.name.trim() || plan.message;
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted} (${n})`;
    try {
      return await ask(api.POST("/api/v1/campaigns", { body: { ...askedOf(plan), name } }));
    } catch (error) {
      const taken = error instanceof Problem && error.status === CONFLICT && !plan.name.trim();
      if (!taken || n >= NAMES_MAX) throw error;
    }
  }
}

import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

export type Paged<T> = { rows: T[]; next: string | null };

/** A list by cursor, page after page: what `Table` shows under its rows as "show more".
 *  `const list = usePages(["people", q], async (cursor) => { const page = await …; return { rows: page.people, next: page.cursor }; })` */
export function usePages<T>(key: QueryKey, load: (cursor: string | undefined) => Promise<Paged<T>>) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.rows),
    error: query.error,
    refetch: query.refetch,
    stale: query.isPlaceholderData,
    more: query.hasNextPage ? { load: () => void query.fetchNextPage(), busy: query.isFetchingNextPage } : undefined,
  };
}

import "./styles";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "./lib/api";
import { loadWords, locale } from "./lib/i18n";
import { queryClient } from "./lib/query";
import { sessionQuery } from "./lib/session";
import "./lib/tabs";
import { router } from "./router";
import { theme, variables } from "./theme";

document.documentElement.lang = locale;
whenSignedOut(() => void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }));

// Nothing waits that could be under way: who is signed in, and the code of the screen that is wanted.
void queryClient.prefetchQuery(sessionQuery);
for (const { routeId } of router.matchRoutes(router.latestLocation)) {
  const route = Object.values(router.routesById).find((one) => one.id === routeId);
  if (route) void router.loadRouteChunk(route);
}

await loadWords("app");
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);

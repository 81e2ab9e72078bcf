import "@/styles";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { loadWords, locale } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { theme, variables } from "@/theme";
import { Kit } from "./Kit";

document.documentElement.lang = locale;
await loadWords("app");
const router = createRouter({ routeTree: createRootRoute({ component: Kit }), basepath: "/app/kit.html" });
createRoot(document.getElementById("root") as HTMLElement).render(
  <QueryClientProvider client={queryClient}>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <RouterProvider router={router as never} />
    </MantineProvider>
  </QueryClientProvider>,
);

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type HttpProxy } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// `npm run dev` serves the sources on its own port; what it does not have it asks of a server started by `make run`.
const server = process.env.ANTIPHON_URL ?? "http://127.0.0.1:8080";

/** What comes from this port says that it comes from the server's own pages, or its socket is refused. */
function own(proxy: HttpProxy.ProxyServer): void {
  const say = (request: { setHeader: (name: string, value: string) => unknown }) => {
    request.setHeader("origin", new URL(server).origin);
    request.setHeader("sec-fetch-site", "same-origin");
  };
  proxy.on("proxyReq", say);
  proxy.on("proxyReqWs", say);
}

// On a line with 150 ms a trip and six requests at once, a screen of sixty small files waits for their number, not for
// their size. So what the shell stands on is one file, and what most screens have beyond it another, loaded with the
// first screen and kept. Nothing of the second may be needed by the shell: tests/web/test_budgets.py weighs both.
const SHELL =
  /node_modules[\\/](react|react-dom|scheduler|use-sync-external-store|openapi-fetch|@tanstack)[\\/]|@mantine[\\/]core[\\/]esm[\\/]core[\\/]/;
const KIT =
  /@floating-ui|@mantine[\\/](core[\\/]esm[\\/](utils[\\/]Floating|components[\\/](ActionIcon|Checkbox|Combobox|FocusTrap|Input|InputBase|Menu|Modal|ModalBase|Overlay|Popover|Portal|ScrollArea|Select|TextInput|Tooltip|VisuallyHidden)[\\/])|hooks[\\/]esm[\\/]use-(callback|click|debounced|focus|long|merged|resize|uncontrolled))|src[\\/](ui[\\/](Page|Channel|IconButton|When|Table)\.tsx|lib[\\/](format|url|change|pages)\.ts)/;
const SIGNS =
  /@tabler[\\/]icons-react[\\/]dist[\\/]esm[\\/]icons[\\/]Icon(?!(Affiliate|Dots|Home|Message2|Search|Send|Settings|UserCircle|Users|World|X)\.mjs)/;
const shared = [
  { name: "ground", test: SHELL, minShareCount: 20 },
  { name: "kit", test: KIT, minShareCount: 10 },
  { name: "signs", test: SIGNS, minShareCount: 3 },
];

export default defineConfig({
  base: "/app/",
  plugins: [react()],
  resolve: { alias: { "@words": here("../src/antiphon/kernel/i18n"), "@": here("./src") } },
  build: {
    outDir: here("../src/antiphon/app/browser/built"),
    emptyOutDir: true,
    manifest: true,
    license: { fileName: "licences.md" },
    sourcemap: false,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { includeDependenciesRecursively: false, groups: shared } } },
  },
  server: {
    proxy: { "/api": { target: server, ws: true, changeOrigin: true, configure: own } },
    fs: { allow: [here("..")] },
  },
});

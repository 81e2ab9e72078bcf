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
// their size. What most screens share is one file, loaded with the shell and kept: 40 kB more once, 50 files less each.
const shared = [
  { name: "signs", test: /@tabler[\\/]icons-react/ },
  { name: "kit", test: /@mantine|@floating-ui|src[\\/](ui|lib)[\\/]/, minShareCount: 12 },
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
    rolldownOptions: { output: { codeSplitting: { groups: shared } } },
  },
  server: {
    proxy: { "/api": { target: server, ws: true, changeOrigin: true, configure: own } },
    fs: { allow: [here("..")] },
  },
});

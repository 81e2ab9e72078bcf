// An OpenID provider by others (oidc-provider) with one client, whose people have the name that they type.
// node provider.js PORT REDIRECT_URI BACKCHANNEL_LOGOUT_URI
import Provider from "oidc-provider";

const [port, callback, logout] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "antiphon",
      client_secret: "a secret: with + and / in it",
      redirect_uris: [callback],
      backchannel_logout_uri: logout,
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["only for tests"] },
  features: {
    backchannelLogout: { enabled: true },
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // Its own guard lets it call public addresses only; we are beside it.
  fetch: (url, { dispatcher: _guarded, ...options }) => fetch(url, options),
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@example.org`,
      email_verified: !id.startsWith("unverified"),
      name: `${id} at work`,
    }),
  }),
  pkce: { required: () => true },
});

provider.on("server_error", (_context, error) => console.error(error));
provider.on("grant.error", (_context, error) => console.error(error.message, error.error_detail));
provider.on("backchannel.error", (_context, error) => console.error(error));
provider.listen(Number(port), "127.0.0.1");

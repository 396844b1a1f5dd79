// Names below `localhost` are this machine's (RFC 6761, section 6.3). Resolvers of some machines do not know that.
import dns from "node:dns";

/** Lets this process find them. */
export function findLocal() {
  const find = dns.lookup;
  dns.lookup = (host, ...rest) => find(host === "localhost" || host.endsWith(".localhost") ? "127.0.0.1" : host, ...rest);
}

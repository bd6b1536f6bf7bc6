import { checkServerIdentity } from "node:tls";
import { Channel, type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { type Endpoint, parseAddress } from "./address.ts";
import type { TlsOptions } from "./gitaly-client-options.ts";
import { invalid } from "./validate.ts";

/** A connection that is lost is tried again soon: the server may only have been restarted. */
const RECONNECT_MS = { first: 100, longest: 2000 };

/** A peer that does not answer a ping for so long has gone. */
const PING_MS = { every: 20_000, answeredWithin: 10_000 };

/** How much a server may send on one connection before it is read: fast over long lines, and still a bound. */
const WINDOW_BYTES = 1024 * 1024;

/** One HTTP/2 connection to a server, made when the first call needs it and again whenever it is lost. */
export function openChannel(address: string, tls: boolean | TlsOptions | undefined, messageBytesMax: number): Channel {
  const endpoint = parseAddress(address);
  if (endpoint.tls && tls === false) throw invalid(`the address asks for TLS, the options forbid it: ${address}`);
  const secure = endpoint.tls || (tls !== undefined && tls !== false);
  const settings: TlsOptions = typeof tls === "object" ? tls : {};
  return new Channel(endpoint.target, secure ? secureCredentials(endpoint, settings) : credentials.createInsecure(), {
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS.first,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MS.longest,
    "grpc.keepalive_time_ms": PING_MS.every,
    "grpc.keepalive_timeout_ms": PING_MS.answeredWithin,
    "grpc.service_config_disable_resolution": 1,
    // Its own connection, which ends with it.
    "grpc.use_local_subchannel_pool": 1,
    "grpc-node.flow_control_window": WINDOW_BYTES,
    ...(secure ? nameOptions(endpoint, settings) : {}),
  });
}

function secureCredentials({ ipAddress }: Endpoint, { ca, cert, key, serverName }: TlsOptions): ChannelCredentials {
  if ((cert === undefined) !== (key === undefined)) throw invalid("tls.cert and tls.key belong together");
  return credentials.createSsl(
    pem(ca),
    pem(key),
    pem(cert),
    ipAddress === undefined || serverName !== undefined
      ? {}
      : { checkServerIdentity: (_name, certificate) => checkServerIdentity(ipAddress, certificate) },
  );
}

function pem(value: string | Uint8Array | undefined): Buffer | null {
  return value === undefined ? null : Buffer.from(value);
}

/**
 * An IP address may not stand as the name of a server in TLS (RFC 6066, 3), and some runtimes refuse to try. Another name
 * is sent then, and the certificate is held against the address all the same.
 */
function nameOptions({ ipAddress }: Endpoint, { serverName }: TlsOptions): ChannelOptions {
  if (serverName !== undefined) return { "grpc.ssl_target_name_override": serverName };
  return ipAddress === undefined ? {} : { "grpc.ssl_target_name_override": "localhost" };
}

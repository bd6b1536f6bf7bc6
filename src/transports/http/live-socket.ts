/** Largest message that a client may send. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** What may wait for a client that reads slowly; what is more is dropped, and its sender told so. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** A client that has sent nothing for so long, no pong either, is gone; it is asked by a ping before. */
const SILENCE_MAX_S = 60;

/** What became of a message: on its way, waiting because the client reads slowly, or dropped because too much waits already. */
export type Sent = "sent" | "waiting" | "dropped";

/** The server's end of a WebSocket. */
export interface LiveSocket {
  send(text: string): Sent;
  /** How many bytes wait for the client. */
  readonly waitingBytes: number;
  ping(): void;
  /** Says goodbye (RFC 6455, 7.4); `closed` of the listener follows. */
  close(code: number, reason: string): void;
  /** Ends the connection without a word, for a client that does not read; `closed` of the listener follows. */
  terminate(): void;
}

/** What a door wants to hear of one WebSocket. Whatever one of these throws is a bug, and closes the socket. */
export interface SocketListener {
  opened(socket: LiveSocket): void;
  message(socket: LiveSocket, message: string | Uint8Array): void;
  /** What waited has been sent. */
  drained?(socket: LiveSocket): void;
  /** Called once, whoever ended it. */
  closed(code: number, reason: string): void;
}

/** What a WebSocket carries: its listener, and itself as the listener sees it. */
export interface SocketData {
  readonly listener: SocketListener;
  socket?: LiveSocket;
}

/** The server's handlers of WebSockets: each goes to the listener of its own socket. */
export function socketHandlers(onBug: (error: unknown) => void): Bun.WebSocketHandler<SocketData> {
  return {
    maxPayloadLength: MESSAGE_BYTES_MAX,
    backpressureLimit: WAITING_BYTES_MAX,
    idleTimeout: SILENCE_MAX_S,
    sendPings: true,
    perMessageDeflate: false,
    open(ws) {
      ws.data.socket = liveSocket(ws);
      ws.data.listener.opened(ws.data.socket);
    },
    message(ws, message) {
      ws.data.listener.message(ws.data.socket!, message);
    },
    drain(ws) {
      ws.data.listener.drained?.(ws.data.socket!);
    },
    close(ws, code, reason) {
      ws.data.listener.closed(code, reason);
    },
    error(error, ws) {
      onBug(error);
      ws.close(1011, "internal error");
    },
  };
}

function liveSocket(ws: Bun.ServerWebSocket<SocketData>): LiveSocket {
  return {
    send(text) {
      const result = ws.sendText(text);
      return result > 0 ? "sent" : result < 0 ? "waiting" : "dropped";
    },
    get waitingBytes() {
      return ws.getBufferedAmount();
    },
    ping: () => void ws.ping(),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
}

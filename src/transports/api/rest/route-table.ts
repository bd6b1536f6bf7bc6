import { withoutTrailingSlash } from "./request-address.ts";
import type { RestRoute } from "./rest-route.ts";

interface Node {
  readonly named: Map<string, Node>;
  parameter: Node | undefined;
  route: RestRoute | undefined;
}

/** Routes of one method by the segments of their paths; a segment that is named goes before one that is a parameter. */
export class RouteTable {
  readonly #root = emptyNode();

  constructor(routes: readonly RestRoute[]) {
    for (const route of routes) {
      let node = this.#root;
      for (const segment of route.path.split("/")) node = childOf(node, segment);
      node.route = route;
    }
  }

  /** The route at an address as the client wrote it; undefined where there is none. */
  find(pathname: string): RestRoute | undefined {
    return routeBelow(this.#root, withoutTrailingSlash(pathname).split("/"), 0);
  }
}

function childOf(node: Node, segment: string): Node {
  if (segment.startsWith(":")) return (node.parameter ??= emptyNode());
  const known = node.named.get(segment);
  if (known !== undefined) return known;
  const made = emptyNode();
  node.named.set(segment, made);
  return made;
}

function routeBelow(node: Node, segments: readonly string[], at: number): RestRoute | undefined {
  if (at === segments.length) return node.route;
  const segment = segments[at]!;
  const named = node.named.get(segment);
  const found = named && routeBelow(named, segments, at + 1);
  if (found !== undefined || node.parameter === undefined || segment === "") return found;
  return routeBelow(node.parameter, segments, at + 1);
}

const emptyNode = (): Node => ({ named: new Map(), parameter: undefined, route: undefined });

/** The data of each event of a stream that is an ordinary message (HTML Standard, 9.2, server-sent events). */
export async function* serverSentData(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let type = "message";
  for await (const piece of body ?? []) {
    const lines = (rest + decoder.decode(piece as Uint8Array, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0 && type === "message") yield data.join("\n");
        [data, type] = [[], "message"];
        continue;
      }
      const [, field = "", value = ""] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line) ?? [];
      if (field === "data") data.push(value);
      else if (field === "event") type = value;
    }
  }
}

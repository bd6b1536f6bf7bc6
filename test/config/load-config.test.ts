import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError, type ConfigSources, loadConfig } from "../../src/config.ts";
import { editDistance, nearest } from "../../src/domain/nearest.ts";

/** Loads with the given sources; files are a record of paths. */
function load(sources: Partial<ConfigSources> & { files?: Record<string, string> } = {}) {
  const { files = {}, ...rest } = sources;
  return loadConfig({ env: {}, cwd: "/srv", readFile: (path) => files[path], ...rest });
}

function mistakesOf(sources: Parameters<typeof load>[0]): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  throw new Error("no mistake was found");
}

describe("loadConfig", () => {
  test("has a default for everything", () => {
    const { config, warnings } = load();
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      data: "/srv/data",
      host: "127.0.0.1",
      httpPort: 8080,
      grpcPort: 8075,
      metricsPort: "http",
      backend: "libgit2",
      canaryPercent: 1,
      requestsMax: 512,
      pushBytesMax: 2 ** 31,
      blobBytesMax: 100 * 2 ** 20,
      drainTimeoutMs: 10_000,
      eventsKeepDays: 30,
      logLevel: "info",
    });
    expect([...config.storages]).toEqual([["default", "/srv/data/repositories"]]);
  });

  test("prefers flag to environment to file to default", () => {
    const files = { "/srv/data/holdfast.toml": 'http_port = 1\ngrpc_port = 2\nhost = "localhost"' };
    const env = { HOLDFAST_HTTP_PORT: "3", HOLDFAST_GRPC_PORT: "4" };
    const { config } = load({ files, env, flags: { httpPort: "5" } });
    expect([config.httpPort, config.grpcPort, config.host, config.requestsMax]).toEqual([5, 4, "localhost", 512]);
  });

  test("reads the file of the data directory that the environment names", () => {
    const files = { "/data/x/holdfast.toml": 'log_level = "debug"' };
    expect(load({ files, env: { HOLDFAST_DATA: "/data/x" } }).config.logLevel).toBe("debug");
  });

  test("a file named by --config may name the data directory; it must exist", () => {
    const files = { "/etc/holdfast.toml": 'data = "/var/lib/holdfast"' };
    const { config } = load({ files, configFile: "/etc/holdfast.toml" });
    expect(config.data).toBe("/var/lib/holdfast");
    expect([...config.storages.values()]).toEqual(["/var/lib/holdfast/repositories"]);
    expect(mistakesOf({ configFile: "none.toml" })).toEqual(["/srv/none.toml: no such file"]);
  });

  test("GIT_BACKEND is another name of HOLDFAST_BACKEND, and wins", () => {
    expect(load({ env: { HOLDFAST_BACKEND: "shell" } }).config.backend).toBe("shell");
    expect(load({ env: { HOLDFAST_BACKEND: "libgit2", GIT_BACKEND: "shell" } }).config.backend).toBe("shell");
  });

  test("an empty variable is an unset one", () => {
    expect(load({ env: { HOLDFAST_HTTP_PORT: "" } }).config.httpPort).toBe(8080);
  });

  test("reports all mistakes at once, each with the place to look at", () => {
    const files = { "/srv/data/holdfast.toml": 'htp_port = 1\nstorages = ["x"]\ncanary_percent = 101' };
    const env = { HOLDFAST_GRPC_PORT: "70000", GIT_BACKEND: "svn" };
    expect(mistakesOf({ files, env, flags: { requestsMax: "0", tlsCert: "/srv/cert.pem" } })).toEqual([
      "/srv/data/holdfast.toml: htp_port: unknown key; did you mean http_port?",
      "/srv/data/holdfast.toml: storages: is not a single value",
      'HOLDFAST_GRPC_PORT: "70000" is not a port (0 to 65535, or off)',
      'GIT_BACKEND: "svn" is not one of libgit2, shell',
      '/srv/data/holdfast.toml: canary_percent: "101" is not a number from 0 to 100',
      '--requests-max: "0" is not a whole number of at least 1',
      "tls_cert, tls_key: one is set without the other",
    ]);
  });

  test("says what is wrong with a file that is not TOML", () => {
    expect(mistakesOf({ files: { "/srv/data/holdfast.toml": "x = = 1" } })[0]).toStartWith(
      "/srv/data/holdfast.toml: is not valid TOML",
    );
  });

  test("warns of a variable that nobody reads, and of settings without effect", () => {
    const env = { HOLDFAST_HTTP_PROT: "1", HOLDFAST_REDIS_URL: "redis://x", OTEL_EXPORTER_OTLP_ENDPOINT: "http://x" };
    expect(load({ env }).warnings).toEqual([
      "HOLDFAST_REDIS_URL: has no effect yet",
      "OTEL_EXPORTER_OTLP_ENDPOINT: has no effect yet",
      "HOLDFAST_HTTP_PROT: unknown setting; did you mean HOLDFAST_HTTP_PORT?",
    ]);
    expect(load({ env: { HOLDFAST_SSH_PORT: "off" } }).warnings).toEqual([]);
  });

  test("a certificate needs its key", () => {
    const alone = ["tls_cert, tls_key: one is set without the other"];
    expect(mistakesOf({ env: { HOLDFAST_TLS_CERT: "/cert.pem" } })).toEqual(alone);
    expect(mistakesOf({ env: { HOLDFAST_TLS_KEY: "/key.pem" } })).toEqual(alone);
    const both = load({ env: { HOLDFAST_TLS_CERT: "/cert.pem", HOLDFAST_TLS_KEY: "key.pem" } }).config;
    expect([both.tlsCert, both.tlsKey?.endsWith("/key.pem")]).toEqual(["/cert.pem", true]);
  });

  test("addresses of users, proxies and pages", () => {
    const { config } = load({
      env: {
        HOLDFAST_PUBLIC_URL: "https://git.example.org/",
        HOLDFAST_TRUSTED_PROXIES: "10.0.0.0/8, ::1",
        HOLDFAST_ALLOWED_ORIGINS: "https://app.example.org,http://localhost:3000/",
      },
    });
    expect(config.publicUrl?.origin).toBe("https://git.example.org");
    expect(config.trustedProxies).toEqual(["10.0.0.0/8", "::1"]);
    expect(config.allowedOrigins).toEqual(["https://app.example.org", "http://localhost:3000"]);
    expect(mistakesOf({ env: { HOLDFAST_PUBLIC_URL: "git.example.org" } })).toHaveLength(1);
    for (const networks of ["10.0.0.0/33", "proxy.example", "10.0.0.0/8/8", "::1/129"])
      expect(mistakesOf({ env: { HOLDFAST_TRUSTED_PROXIES: networks } })).toHaveLength(1);
    for (const origins of ["*", "app.example.org", "https://a.example/path", "ftp://a.example"])
      expect(mistakesOf({ env: { HOLDFAST_ALLOWED_ORIGINS: origins } })).toHaveLength(1);
  });

  test("wants a secret wherever others than this machine can connect", () => {
    const wanted = ["grpc_token: must be set because host 0.0.0.0 is not a loopback address"];
    expect(mistakesOf({ env: { HOLDFAST_HOST: "0.0.0.0" } })).toEqual(wanted);
    expect(load({ env: { HOLDFAST_HOST: "0.0.0.0", HOLDFAST_GRPC_TOKEN: "s" } }).config.grpcToken).toBe("s");
    expect(load({ env: { HOLDFAST_HOST: "0.0.0.0", HOLDFAST_GRPC_PORT: "off" } }).config.grpcPort).toBe("off");
    for (const host of ["localhost", "127.1.2.3", "::1"])
      expect(load({ env: { HOLDFAST_HOST: host } }).config.host).toBe(host);
  });

  test("what nobody has said about access and the database is left open", () => {
    expect(load().config).toMatchObject({ anonAccess: undefined, allowKeyless: undefined, databaseUrl: undefined });
    const env = {
      HOLDFAST_ANON_ACCESS: "no-access",
      HOLDFAST_ALLOW_KEYLESS: "false",
      HOLDFAST_DATABASE_URL: "postgresql://holdfast@db/holdfast",
    };
    const databaseUrl = "postgresql://holdfast@db/holdfast";
    expect(load({ env }).config).toMatchObject({ anonAccess: "no-access", allowKeyless: false, databaseUrl });
    expect(load({ env: { HOLDFAST_DATABASE_URL: "sqlite" } }).config.databaseUrl).toBeUndefined();
  });

  test("a wrong address of the database is not repeated: it may hold a password", () => {
    const env = { HOLDFAST_DATABASE_URL: "mysql://bob:secret@db/x", HOLDFAST_ANON_ACCESS: "all" };
    const mistakes = mistakesOf({ env });
    expect(mistakes.join("\n")).toContain("HOLDFAST_DATABASE_URL: is not a URL that begins with postgres://");
    expect(mistakes.join("\n")).toContain('HOLDFAST_ANON_ACCESS: "all" is not one of no-access');
    expect(mistakes.join("\n")).not.toContain("secret");
  });

  test("storages are a list or a table, and do not share files", () => {
    const list = load({ env: { HOLDFAST_STORAGES: "default=/a, other=b" } }).config.storages;
    expect([...list]).toEqual([
      ["default", "/a"],
      ["other", "/srv/b"],
    ]);
    const files = { "/srv/data/holdfast.toml": '[storages]\ndefault = "/a"\nother = "/b"' };
    expect([...load({ files }).config.storages.keys()]).toEqual(["default", "other"]);
    const storages = ["a=/x,b=/x/y", "a=/x,a=/y", "=x", "a=", "/x"];
    for (const value of storages) expect(mistakesOf({ env: { HOLDFAST_STORAGES: value } })).toHaveLength(1);
  });

  test("sizes may carry a unit", () => {
    const size = (value: string) => load({ env: { HOLDFAST_BLOB_BYTES_MAX: value } }).config.blobBytesMax;
    expect([size("1"), size("3 KiB"), size("2MiB"), size("1 GiB")]).toEqual([1, 3072, 2 ** 21, 2 ** 30]);
    for (const value of ["0", "-1", "1.5 MiB", "1 MB", "99999999 TiB"]) expect(() => size(value)).toThrow(ConfigError);
  });
});

describe("nearest", () => {
  test("finds the word that needs the fewest changes", () => {
    expect(nearest("htp_port", ["ssh_port", "http_port", "data"])).toBe("http_port");
    expect(nearest("x", [])).toBeUndefined();
  });

  test("editDistance is a distance", () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

/** Where the doors are that a repository can be cloned from, as users see them: a base URL of HTTP, `host:port` of the others. */
export interface CloneDoors {
  readonly http?: string;
  readonly ssh?: string;
  readonly git?: string;
}

/** The clone addresses of a repository by its full name, such as `alice/myrepo`; git:// only serves what everybody may read. */
export function cloneAddresses(name: string, doors: CloneDoors, isPrivate: boolean): CloneDoors {
  return {
    ...(doors.http === undefined ? {} : { http: `${doors.http}/${name}.git` }),
    ...(doors.ssh === undefined ? {} : { ssh: `ssh://${doors.ssh}/${name}` }),
    ...(doors.git === undefined || isPrivate ? {} : { git: `git://${doors.git}/${name}` }),
  };
}

/** The doors under the name of the address that users see, where there is one. */
export function publicDoors(doors: CloneDoors, publicUrl: URL | undefined): CloneDoors {
  if (publicUrl === undefined) return doors;
  const named = (address: string) => `${publicUrl.hostname}${address.slice(address.lastIndexOf(":"))}`;
  return {
    ...(doors.http === undefined ? {} : { http: publicUrl.href.replace(/\/$/, "") }),
    ...(doors.ssh === undefined ? {} : { ssh: named(doors.ssh) }),
    ...(doors.git === undefined ? {} : { git: named(doors.git) }),
  };
}

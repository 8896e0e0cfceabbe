"""Who may include what: the table of ARCHITECTURE.md as data.

A room sees itself and the rooms named here. Third-party headers are recognised by their prefix; the
longest prefix decides. A header that matches nothing is reported, so that a new library is a decision.
"""

ROOMS = {
    "base": set(),
    "config": {"base"},
    "persistence": {"base", "config"},
    "net": {"base", "config"},
    "cluster": {"base", "config", "persistence", "net"},
    "actors": {"base", "config", "persistence", "net", "cluster"},
    "app": {"base", "config", "persistence", "net", "cluster", "actors"},
    "tests": {"base", "config", "persistence", "net", "cluster", "actors", "app"},
}

ANYWHERE = ("",)
ASIO = ("net/", "cluster/transport/", "actors/bridge/")

# prefix of the header -> folders (or files) that may include it. Tests may include everything.
THIRD_PARTY = {
    "boost/outcome/": ("base/",),
    "fmt/": ANYWHERE,
    "spdlog/": ("base/log.cpp",),
    "xxhash.h": ("base/",),
    "boost/json": ("config/", "net/", "actors/", "app/"),
    "boost/iterator/": ("actors/model/",),
    "lmdb.h": ("persistence/",),
    "msgpack": ("persistence/", "cluster/"),
    "openssl/": ("base/random.cpp", "base/secret.cpp", "persistence/", "net/", "cluster/transport/",
                 "actors/gateway/devices/"),
    "boost/asio": ASIO,
    "boost/beast": ASIO,
    "boost/system/": ASIO,
    "boost/optional.hpp": ASIO,  # Beast's body concept is written with it.
    "curl/": ("net/",),
    # Providers' deltas are read where the provider's dialect is known.
    "simdjson.h": ("net/", "actors/model/"),
    "raft.h": ("cluster/raft/",),
    "caf/": ("cluster/transport/", "actors/", "app/"),
    "md4c": ("actors/channel/",),
    "seccomp.h": ("actors/tool/",),
    "prometheus/": ("actors/node/",),
    "CLI/": ("app/",),
    "catch2/": (),
    "rapidcheck": (),
}

# The kernel's and the C library's headers are no library of ours to keep apart.
SYSTEM_PREFIXES = ("sys/", "linux/", "netinet/", "arpa/", "asm/", "bits/")
SYSTEM_HEADERS = {
    "assert.h", "ctype.h", "dirent.h", "dlfcn.h", "errno.h", "fcntl.h", "grp.h", "ifaddrs.h",
    "inttypes.h", "limits.h", "math.h", "net/if.h", "netdb.h", "poll.h", "pthread.h", "pwd.h",
    "sched.h", "signal.h", "spawn.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdio.h", "stdlib.h", "string.h", "syslog.h", "termios.h", "threads.h", "time.h",
    "unistd.h",
}

# CMake link item -> rooms whose CMakeLists.txt may name it. What a room links it could include.
LINKS = {
    "spdlog::": ("base",),
    "troupe_spdlog": ("base",),
    "Boost::json": ("config", "net", "actors", "app"),
    "LMDB::": ("persistence",),
    "troupe_msgpack": ("persistence", "cluster"),
    "troupe_libraft": ("cluster",),
    "CURL::": ("net",),
    "simdjson::": ("net", "actors"),
    "CAF::": ("cluster", "actors", "app"),
    "CLI11::": ("app",),
    "Catch2::": (),
}

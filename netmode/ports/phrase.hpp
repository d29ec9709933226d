// Taken ports in words.
#pragma once
#include <string>
#include <vector>

#include "netmode/ports/sockets.hpp"

namespace lodger::netmode::ports {

/// A port, and who holds it: "nginx (pid 12)".
struct Clash {
  Held held;
  std::string owner;
  bool translated = false;  // NAT leads it there
};

/// "tcp 0.0.0.0:80 by nginx (pid 12), tcp [::]:8000-8099 by container web (httpd, pid 34)": ports of one
/// address and owner that follow each other stand together. At most 20 such entries, then how many more.
std::string list(const std::vector<Clash>& clashes);

/// Who holds a socket. `container` and `process` may be empty, `pid` 0: what is not known, or not to be seen.
struct Owner {
  std::string container;  // its id
  std::string process;
  pid_t pid = 0;
  std::size_t more = 0;  // processes that have it open, too
  std::string user;      // whose socket it is: "alice", "#1234"
  std::string where;     // a process that is no container's of ours is to be looked for: "in cgroup /x"
};
std::string to_text(const Owner& owner);

}  // namespace lodger::netmode::ports

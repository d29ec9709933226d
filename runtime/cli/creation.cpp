#include "runtime/cli/creation.hpp"

namespace lodger::cli {

std::vector<Flag> creation_flags(container::CreateRequest& request) {
  std::vector<Flag> flags{
      {"bundle", 'b', "DIR", "folder of the bundle (default: the current one)", &request.bundle},
      {"console-socket", 0, "SOCKET", "where to send the terminal's master end", &request.console_socket},
      {"pidfd-socket", 0, "SOCKET", "where to send a pidfd of the container's process",
       &request.pidfd_socket},
      {"pid-file", 0, "FILE", "where to write the process id", &request.pid_file},
      {"no-pivot", 0, "", "change the root without pivot_root, for a rootfs on a ramdisk", &request.no_pivot},
      {"no-new-keyring", 0, "", "keep the caller's session keyring", &request.no_new_keyring},
      {"preserve-fds", 0, "N", "hand on N descriptors behind stdio and $LISTEN_FDS", &request.preserve_fds},
  };
  add_network_flags(flags, request);
  return flags;
}

void add_network_flags(std::vector<Flag>& flags, container::CreateRequest& request) {
  const Flag network[] = {
      {"network", 0, "MODE",
       "host[,OPTION...], relay[,OPTION...], bridge[:NAME], none, ns:PATH, container:ID (default: as in the "
       "bundle); also --net",
       Filled{&request.network}},
      {"net", 0, "MODE", "", Filled{&request.network}},
      {"publish", 'p', "PORTS", "[ip:]hostPort:containerPort[/protocol]; may be repeated", &request.publish},
      {"publish-all", 'P', "", "publish all exposed ports", &request.publish_all},
      {"userland-proxy", 0, "", "with a bridge, publish by a process in place of NAT",
       &request.userland_proxy},
  };
  flags.insert(flags.end(), std::begin(network), std::end(network));
}

void take_globals(const Globals& globals, container::CreateRequest& request) {
  request.systemd_cgroup = globals.systemd_cgroup;
  request.policy = globals.policy;
  request.no_cgroup = globals.cgroup_manager == "disabled";
  if (globals.rootless == "true" || globals.rootless == "false")
    request.rootless = globals.rootless == "true";
}

}  // namespace lodger::cli

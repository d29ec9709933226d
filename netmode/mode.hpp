// Network modes, and what each does to a configuration before anything is created.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/options.hpp"
#include "netmode/publish.hpp"
#include "netmode/relay/options.hpp"
#include "netmode/stack.hpp"
#include "spec/config.hpp"

namespace lodger::netmode {

enum class Kind : unsigned char { bundle, host, none, path, container, bridge, relay };

/// A parsed --network value: host[,OPTION]..., none, bridge[:NAME], relay[,OPTION]..., ns:PATH, container:ID;
/// empty: what the bundle says.
struct Mode {
  Kind kind = Kind::bundle;
  std::string argument = {};  // PATH, ID or NAME
  HostOptions options = {};   // of host
  relay::Options relay = {};  // of relay
};
Outcome<Mode> parse_mode(std::string_view text);

/// Where a mode leads to: the host's stack, another's by its identity, or a new one.
struct Place {
  bool host = false;
  std::optional<Identity> joined = {};
};

struct Request {
  Mode mode;
  std::vector<std::string> publish;  // --publish values as written
  bool publish_all = false;
  bool userland_proxy = false;
  /// The path of a running container's network namespace ("/proc/PID/ns/net").
  std::function<Outcome<std::string>(const std::string& id)> namespace_of;
  /// Whether an annotation with this value may make `mode` of what the bundle says: an administrator's word.
  /// Asked wherever there is one, so that it has to be set.
  std::function<Outcome<>(std::string_view value, const Mode& mode, const Place& bundle)> may_annotate;
};

/// What the mode came to.
struct Decision {
  bool host = false;                  // the container lives in this process's network stack
  std::optional<Identity> joined;     // another's that it joins by path: what is joined has to be this one
  std::vector<std::string> warnings;  // for stderr and the log, each once
  HostOptions options;                // from the flags and the annotations; only in host mode
  /// By --publish and annotation; in host mode without `map` they are discarded, but the application is
  /// likely to bind the container's side of them.
  std::vector<Publication> publications;
  std::vector<Ports> exposed;  // by the image, where somebody asks: in host mode, and with --publish-all
  bool publish_all = false;
  std::string bridge;                   // the network that the container becomes part of; empty: none
  std::optional<relay::Options> relay;  // between the host's stack and one of the container's own
  bool by_annotation = false;           // the mode was chosen by an annotation
  bool userland_proxy = false;

  /// Whether published ports are the host's side of something, and not merely discarded.
  bool maps_ports() const { return options.map || !bridge.empty(); }
};

/// Where the host's side is found; tests point elsewhere.
struct HostFiles {
  const char* own_stack = "/proc/self/ns/net";
  const char* resolv_conf = "/etc/resolv.conf";
  const char* hosts = "/etc/hosts";
  const char* sysctls = "/proc/sys";
};

/// Checks the ports, then edits `config` for the mode: its network namespace entry, in host mode also name
/// resolution (mounts of /etc/resolv.conf and /etc/hosts, hostname; with a relay the mounts) unless the
/// bundle brings its own. A mode by annotation has to be one that Request::may_annotate allows.
/// Refuses net.* sysctls on the host's stack. To be called before spec::check(), which judges the edited
/// entries. A bundle without a network entry, and no option given, costs no system call.
Outcome<Decision> apply(Request request, spec::Config& config, const HostFiles& files = {});

}  // namespace lodger::netmode

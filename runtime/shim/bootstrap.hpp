// From containerd's call to the address of a shim, and the answer in the form that this containerd reads.
#pragma once
#include <string>
#include <string_view>

#include "runtime/shim/invocation.hpp"
#include "runtime/shim/options.hpp"

namespace lodger::shim {

struct Bootstrap {
  bool modern = false;  // a containerd that sends BootstrapParams: 2.3
  wire::Any options;    // as they were sent
  std::string ttrpc_address, grpc_address;
  std::string socket_folder = "/run/containerd/s";
};

/// `input`: all of stdin. What is not BootstrapParams of this very container is taken for the options alone,
/// as containerd does it.
Outcome<Bootstrap> read_bootstrap(std::string_view input, const Invocation& invocation);

/// The name that containers of one group, a Kubernetes pod's for one, have in common: from the annotations of
/// config.json, else the id. Source: containerd, cmd/containerd-shim-runc-v2, "groupLabels".
Outcome<std::string> group_of(std::string_view config, const std::string& id);

/// The socket of a group's shim: <folder>/<SHA-256 of containerd's address, namespace and group>.
std::string socket_path(const Bootstrap& bootstrap, const std::string& name_space, const std::string& group);

/// What is printed. The address alone is what all containerds read, and means version 2
/// of the service; version 3 is for who asked in its way.
std::string bootstrap_answer(const Bootstrap& bootstrap, const std::string& socket);

}  // namespace lodger::shim

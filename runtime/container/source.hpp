// What a container is made from: its bundle, read, brought into line with the caller's network wishes,
// checked.
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "netmode/mode.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/container/preserved.hpp"
#include "spec/config.hpp"

namespace lodger::container {

struct Source {
  std::string bundle;  // absolute, canonical
  std::string text;    // config.json as it was read
  spec::Config config;
  netmode::Decision network;
  Preserved preserved;
  bool notify = false;  // it has a socket for sd_notify(3): see notify.hpp
};

/// The bundle's configuration with the caller's network wishes in it, not yet checked.
Outcome<Source> read_bundle(const Store& store, const CreateRequest& request, const Notices& notices);

/// Every refusal of a configuration happens here, before anything is made. `detached`: nobody will stay to
/// serve a terminal.
Outcome<Source> load(const Store& store, const CreateRequest& request, bool detached, const Notices& notices);

/// Whether the kernel has the security modules that labels are for, and a filter leaves room for its agent.
/// The configuration is one for Linux.
Outcome<> check_security(const spec::Config& config);

/// The whole file, at most 16 MiB of it. A pipe is waited for only where it is allowed: nobody else writes to
/// what the caller names on the command line, /dev/fd/N of a shell for one.
enum class Pipe : bool { refused, allowed };
Outcome<std::string> read_file(const std::string& path, Pipe pipe = Pipe::refused);

}  // namespace lodger::container

// The shim's long life: after containerd's call of "start", until "Shutdown".
#pragma once
#include "kernel/socket.hpp"
#include "runtime/cli/log.hpp"
#include "runtime/shim/bootstrap.hpp"
#include "runtime/shim/bundle.hpp"

namespace lodger::shim {

struct Service {
  Bundle bundle;  // that it was started in
  kernel::Fd<kernel::Socket> listener;
  std::string socket;  // its path, removed at the end
  Bootstrap bootstrap;
  std::string name_space;
};

/// Serves until containerd wants it to end, or until a signal does.
Outcome<> serve(Service service);

/// Something to tell the person who reads containerd's log, to which the shim's stderr leads.
void log(cli::Level level, std::string_view message);

}  // namespace lodger::shim

#include "runtime/shim/leavings.hpp"

#include "kernel/file.hpp"
#include "runtime/container/source.hpp"

namespace lodger::shim {
namespace {

std::string file_of(const std::string& bundle) { return bundle + "/lodger.root"; }

}  // namespace

Outcome<> write_leavings(const std::string& bundle, const std::string& state_root) {
  const auto name = file_of(bundle);
  const auto file = TRY(explained(
      kernel::openat(kernel::cwd, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600), name));
  return explained(kernel::write_all(file.get(), state_root), name);
}

Outcome<std::string> read_leavings(const std::string& bundle) {
  return container::read_file(file_of(bundle));
}

}  // namespace lodger::shim

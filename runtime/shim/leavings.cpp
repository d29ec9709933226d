#include "runtime/shim/leavings.hpp"

#include "kernel/file.hpp"
#include "runtime/container/source.hpp"

namespace lodger::shim {
namespace {

std::string file_of(const std::string& bundle) { return bundle + "/lodger.root"; }

}  // namespace

Outcome<> write_leavings(const std::string& bundle, const std::string& state_root) {
  const auto name = file_of(bundle);
  return explained(kernel::write_file(kernel::cwd, name.c_str(), state_root), name);
}

Outcome<std::string> read_leavings(const std::string& bundle) {
  return container::read_file(file_of(bundle));
}

}  // namespace lodger::shim

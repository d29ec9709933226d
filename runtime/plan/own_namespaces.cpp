#include "runtime/plan/own_namespaces.hpp"

#include "kernel/file.hpp"

namespace lodger::plan {
namespace {

const char* file_of(spec::NamespaceType type) {
  using enum spec::NamespaceType;
  switch (type) {
    case pid: return "/proc/self/ns/pid";
    case network: return "/proc/self/ns/net";
    case mount: return "/proc/self/ns/mnt";
    case ipc: return "/proc/self/ns/ipc";
    case uts: return "/proc/self/ns/uts";
    case user: return "/proc/self/ns/user";
    case cgroup: return "/proc/self/ns/cgroup";
    case time: return "/proc/self/ns/time";
  }
  __builtin_unreachable();
}

bool is_own(const spec::Namespace& entry) {
  if (entry.path.empty()) return false;
  const auto named = kernel::status(kernel::cwd, entry.path.c_str(), 0);
  const auto own = kernel::status(kernel::cwd, file_of(entry.type), 0);
  return named && own && named->st_dev == own->st_dev && named->st_ino == own->st_ino;
}

}  // namespace

void drop_own_namespaces(spec::Config& config) {
  if (config.linux) std::erase_if(config.linux->namespaces, is_own);
}

}  // namespace lodger::plan

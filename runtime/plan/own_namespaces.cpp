#include "runtime/plan/own_namespaces.hpp"

#include "kernel/file.hpp"
#include "runtime/plan/namespace_types.hpp"

namespace lodger::plan {
namespace {

bool is_own(const spec::Namespace& entry) {
  if (entry.type == spec::NamespaceType::network) return false;
  if (!entry.path.starts_with('/')) return false;  // a new one, or a path that spec::check() refuses
  const auto named = kernel::status(kernel::cwd, entry.path.c_str(), 0);
  const auto own = kernel::status(kernel::cwd, words_of(entry.type).own, 0);
  return named && own && named->st_dev == own->st_dev && named->st_ino == own->st_ino;
}

}  // namespace

void drop_own_namespaces(spec::Config& config) {
  if (config.linux) std::erase_if(config.linux->namespaces, is_own);
}

}  // namespace lodger::plan

#include "spec/sysctl.hpp"

#include <algorithm>

namespace lodger::spec {

namespace {

struct Row {
  std::string_view path;  // ending in a slash: all below it
  NamespaceType type;
};
constexpr Row rows[] = {
    {"fs/mqueue/", NamespaceType::ipc},
    {"kernel/auto_msgmni", NamespaceType::ipc},
    {"kernel/domainname", NamespaceType::uts},
    {"kernel/hostname", NamespaceType::uts},
    {"kernel/msg_next_id", NamespaceType::ipc},
    {"kernel/msgmax", NamespaceType::ipc},
    {"kernel/msgmnb", NamespaceType::ipc},
    {"kernel/msgmni", NamespaceType::ipc},
    {"kernel/sem", NamespaceType::ipc},
    {"kernel/sem_next_id", NamespaceType::ipc},
    {"kernel/shm_next_id", NamespaceType::ipc},
    {"kernel/shm_rmid_forced", NamespaceType::ipc},
    {"kernel/shmall", NamespaceType::ipc},
    {"kernel/shmmax", NamespaceType::ipc},
    {"kernel/shmmni", NamespaceType::ipc},
    {"net/", NamespaceType::network},
    {"user/", NamespaceType::user},
};

}  // namespace

std::string sysctl_path(std::string_view key) {
  std::string path(key);
  const auto first = path.find_first_of("./");
  if (first == path.npos || path[first] == '/') return path;
  for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return path;
}

std::optional<NamespaceType> sysctl_namespace(std::string_view path) {
  for (const auto& row : rows)
    if (row.path.back() == '/' ? path.starts_with(row.path) : path == row.path) return row.type;
  return std::nullopt;
}

}  // namespace lodger::spec

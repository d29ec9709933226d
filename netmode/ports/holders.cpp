#include "netmode/ports/holders.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "kernel/file.hpp"
#include "kernel/folder.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::ports {
namespace {

using kernel::Fd;
using kernel::File;

/// "socket:[12345]"
std::optional<std::uint32_t> socket_inode(std::string_view link) {
  constexpr std::string_view before = "socket:[";
  if (!link.starts_with(before) || !link.ends_with(']')) return std::nullopt;
  return spec::whole_number<std::uint32_t>(link.substr(before.size(), link.size() - before.size() - 1));
}

/// Gone, or not ours to see.
bool passed_over(int code) { return code == ENOENT || code == ESRCH || code == EACCES || code == EPERM; }

kernel::Result<Fd<File>> descriptors_of(pid_t pid) {
  return kernel::openat(kernel::cwd, fmt::format("/proc/{}/fd", pid).c_str(), O_RDONLY | O_DIRECTORY);
}

kernel::Result<> look_at(pid_t pid, const Inodes& wanted, Holders& found) {
  const auto folder = TRY(descriptors_of(pid));
  return kernel::each_name(folder.get(), [&](std::string_view name) {
    char link[64];
    const auto size = kernel::readlinkat(folder.get(), name.data(), link);
    const auto inode = size ? socket_inode({link, *size}) : std::nullopt;
    if (!inode || !wanted.contains(*inode)) return;
    auto& pids = found[*inode];
    if (pids.empty() || pids.back() != pid) pids.push_back(pid);  // it may have it open twice
  });
}

}  // namespace

Outcome<Holders> holders(std::span<const pid_t> processes, const Inodes& wanted) {
  Holders found;
  if (wanted.empty()) return found;
  for (const pid_t pid : processes) {
    const auto looked = look_at(pid, wanted, found);
    if (!looked && !passed_over(looked.error().code))
      return std::unexpected(
          explain(fmt::format("looking at the descriptors of process {}", pid), looked.error()));
  }
  return found;
}

Outcome<std::vector<pid_t>> all_processes() {
  constexpr std::string_view doing = "listing the processes in /proc";
  const auto folder = TRY(explained(kernel::openat(kernel::cwd, "/proc", O_RDONLY | O_DIRECTORY), doing));
  std::vector<pid_t> pids;
  TRY(explained(kernel::each_name(folder.get(),
                                  [&](std::string_view name) {
                                    if (const auto pid = spec::whole_number<pid_t>(name))
                                      pids.push_back(*pid);
                                  }),
                doing));
  std::ranges::sort(pids);
  return pids;
}

pid_t watched_by(pid_t pid) {
  const auto folder = descriptors_of(pid);
  if (!folder) return 0;
  pid_t watched = 0;
  (void)kernel::each_name(folder->get(), [&](std::string_view name) {
    char link[64], text[512];
    const auto size = kernel::readlinkat(folder->get(), name.data(), link);
    if (watched != 0 || !size || !std::string_view(link, *size).contains("pidfd")) return;
    const auto path = fmt::format("/proc/{}/fdinfo/{}", pid, name);
    const auto file = kernel::openat(kernel::cwd, path.c_str(), O_RDONLY);
    const auto read = file ? kernel::read(file->get(), text) : std::unexpected(file.error());
    std::string_view left(text, read.value_or(0));
    while (!left.empty())
      if (auto line = spec::cut(left, '\n'); line.starts_with("Pid:\t"))
        watched = std::max(0, spec::whole_number<pid_t>(line.substr(5)).value_or(0));  // -1: it has ended
  });
  return watched;
}

std::string process_name(pid_t pid) {
  const auto file = kernel::openat(kernel::cwd, fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY);
  char text[64];  // of a kernel thread it is longer
  const auto size = file ? kernel::read(file->get(), text) : std::unexpected(file.error());
  if (!size) return "";
  std::string name(text, *size);
  if (name.ends_with('\n')) name.pop_back();
  return printable(std::move(name));  // a process names itself as it likes (PR_SET_NAME)
}

std::string printable(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace lodger::netmode::ports

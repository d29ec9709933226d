#include "runtime/rootfs/mountinfo.hpp"

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "kernel/open_away.hpp"
#include "spec/text.hpp"

namespace lodger::rootfs {
namespace {

using spec::cut;

/// Blanks, tabs, line ends and backslashes stand as three octal digits.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return out;
}

constexpr const char* own = "/proc/self/mountinfo";

Outcome<std::vector<HostMount>> parse(const kernel::Fd<kernel::File>& file, std::string_view doing) {
  std::string text;
  for (char part[4096];;) {
    const auto size = TRY(explained(kernel::read(file.get(), part), doing));
    if (size == 0) return parse_mountinfo(text);
    text.append(part, size);
  }
}

}  // namespace

std::vector<HostMount> parse_mountinfo(std::string_view text) {
  std::vector<HostMount> mounts;
  while (!text.empty()) {
    auto line = cut(text, '\n');
    const auto id = spec::whole_number<std::uint64_t>(cut(line, ' '));
    const auto parent = spec::whole_number<std::uint64_t>(cut(line, ' '));
    cut(line, ' ');  // the device's number
    const auto root = cut(line, ' ');
    const auto place = cut(line, ' ');
    const auto dash = line.find(" - ");
    if (!id || !parent || place.empty() || dash == line.npos) continue;
    line.remove_prefix(dash + 3);
    const auto type = cut(line, ' ');
    mounts.push_back(
        {unescaped(root), unescaped(place), std::string(type), unescaped(cut(line, ' ')), *id, *parent});
  }
  return mounts;
}

Outcome<std::vector<HostMount>> read_mountinfo() {
  return parse(TRY(explained(kernel::openat(kernel::cwd, own, O_RDONLY), own)), own);
}

/// Whoever arrives by setns(2) has the namespace's own root. An open mountinfo keeps the namespace and root
/// of the task that it was opened for, whoever reads it (fs/proc_namespace.c, mounts_open_common).
Outcome<std::vector<HostMount>> read_mountinfo_of(const kernel::Fd<kernel::Namespace>& mounts,
                                                  const std::string& doing) {
  const auto proc = TRY(explained(kernel::openat<kernel::Path>(kernel::cwd, "/proc", O_PATH), doing));
  const auto look = [&]() -> kernel::Result<kernel::Fd<kernel::File>> {
    TRY(kernel::setns(mounts.get(), CLONE_NEWNS));
    return kernel::openat(proc.get(), "self/mountinfo", O_RDONLY);
  };
  return parse(TRY(explained(kernel::open_away<kernel::File>(look), doing)), doing);
}

std::string mount_that_holds(const std::vector<HostMount>& mounts, std::string_view path) {
  std::string best = "/";
  for (const auto& mount : mounts) {
    const auto& place = mount.place;
    const bool holds = path == place || (path.starts_with(place) && path[place.size()] == '/');
    if (holds && place.size() > best.size()) best = place;
  }
  return best;
}

}  // namespace lodger::rootfs

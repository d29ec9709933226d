#include "cgroups/layout.hpp"

#include <fmt/core.h>
#include <linux/magic.h>

#include <algorithm>
#include <optional>

#include "cgroups/files.hpp"

namespace lodger::cgroups {

bool Hierarchy::has(std::string_view controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

namespace {

/// proc_pid_mountinfo(5) writes blank, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// One line of mountinfo, as far as it matters here.
struct Mounted {
  std::string_view folder, type, options;
};

std::optional<Mounted> parse_mount(std::string_view line) {
  std::vector<std::string_view> fields;
  each_part(line, ' ', [&](std::string_view field) { fields.push_back(field); });
  const auto dash = std::find(fields.begin(), fields.end(), "-");  // ends the optional fields
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
  return Mounted{fields[4], dash[1], dash[3]};
}

/// Whether a v1 mount's superblock options name all controllers of a hierarchy, and so are the hierarchy's.
bool names_all(std::string_view options, const std::vector<std::string>& controllers) {
  return std::all_of(controllers.begin(), controllers.end(), [&](const std::string& controller) {
    bool found = false;
    each_part(options, ',', [&](std::string_view option) { found |= option == controller; });
    return found;
  });
}

/// Looks for mounts, at their usual places first and then in mountinfo, which is read once at most.
class Finder {
 public:
  explicit Finder(const Roots& roots) : roots_(roots) {}

  bool is(const std::string& folder, long magic) const {
    const auto type = roots_.filesystem_type(folder.c_str());
    return type && *type == magic;
  }

  /// The mount of a v1 hierarchy whose controllers /proc/self/cgroup lists as `names`; empty: mounted
  /// nowhere.
  Outcome<std::string> find_v1(std::string_view names, const std::vector<std::string>& controllers) {
    auto usual = fmt::format("{}/{}", roots_.mount, names.starts_with("name=") ? names.substr(5) : names);
    if (is(usual, CGROUP_SUPER_MAGIC)) return usual;
    return listed([&](const Mounted& m) { return m.type == "cgroup" && names_all(m.options, controllers); });
  }

  Outcome<std::string> find_v2() {
    auto usual = roots_.mount + "/unified";
    if (is(usual, CGROUP2_SUPER_MAGIC)) return usual;
    return listed([](const Mounted& m) { return m.type == "cgroup2"; });
  }

 private:
  template <class Fits>
  Outcome<std::string> listed(Fits fits) {
    if (!mountinfo_) mountinfo_ = TRY(explained(read_text(kernel::cwd, roots_.mountinfo), roots_.mountinfo));
    std::string found;
    each_part(*mountinfo_, '\n', [&](std::string_view line) {
      const auto mounted = parse_mount(line);
      if (found.empty() && mounted && fits(*mounted)) found = unescape(mounted->folder);
    });
    return found;
  }

  const Roots& roots_;
  std::optional<std::string> mountinfo_;
};

/// A line of cgroups(7), "/proc/pid/cgroup": "hierarchy-ID:controller-list:cgroup-path"; ID 0 is cgroup2.
Outcome<> add_line(std::string_view line, Finder& finder, Layout& layout) {
  const auto first = line.find(':'), second = line.find(':', first + 1);
  if (first == line.npos || second == line.npos) return {};
  const auto names = line.substr(first + 1, second - first - 1);
  if (names.empty()) {
    layout.unified = TRY(finder.find_v2());
    return {};
  }
  Hierarchy hierarchy;
  each_part(names, ',', [&](std::string_view name) { hierarchy.controllers.emplace_back(name); });
  hierarchy.folder = TRY(finder.find_v1(names, hierarchy.controllers));
  if (hierarchy.folder.empty())
    return {};  // known to the kernel, mounted by nobody: nothing can be made in it
  const auto at = hierarchy.has("freezer") ? layout.hierarchies.begin() : layout.hierarchies.end();
  layout.hierarchies.insert(at, std::move(hierarchy));
  return {};
}

}  // namespace

Outcome<Layout> detect(const Roots& roots) {
  Finder finder(roots);
  if (finder.is(roots.mount, CGROUP2_SUPER_MAGIC)) return Layout{Kind::v2, roots.mount, {}};
  const auto membership = TRY(explained(read_value(kernel::cwd, roots.membership), roots.membership));
  Layout layout;
  Outcome<> added;
  each_part(membership, '\n', [&](std::string_view line) {
    if (added) added = add_line(line, finder, layout);
  });
  if (!added) return std::unexpected(std::move(added).error());
  if (layout.hierarchies.empty() && layout.unified.empty())
    return refuse(fmt::format("{}: no cgroup filesystem is mounted there or elsewhere: mount cgroup2 on it",
                              roots.mount));
  layout.kind = layout.hierarchies.empty() ? Kind::v2 : layout.unified.empty() ? Kind::v1 : Kind::hybrid;
  return layout;
}

}  // namespace lodger::cgroups

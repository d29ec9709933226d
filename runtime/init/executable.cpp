// Where the process runs and what it executes, looked up inside the container's root as its user.
// execvp(3) for the search; runtime-spec, config.md, "process".
#include <cstring>
#include <string_view>

#include "kernel/file.hpp"
#include "kernel/process.hpp"
#include "runtime/init/digits.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

using Text = std::span<const char>;

// Init has no allocator: what it finds out is kept in the plan's scratch memory.
constexpr std::size_t path_room = 4096;
std::span<char> home_memory(const Plan& plan) { return plan.scratch.first(path_room); }
std::span<char> path_memory(const Plan& plan) { return plan.scratch.subspan(path_room, path_room); }
std::span<char> passwd_memory(const Plan& plan) { return plan.scratch.subspan(2 * path_room); }

Text text_of(const char* text) { return {text, std::strlen(text)}; }

/// Makes every missing folder on the way, from our own root: mkdir -p.
Result<> make_folders(const char* name) {
  char part[4096];
  for (std::size_t i = 0; name[i]; ++i) {
    if (i + 1 == sizeof part) return kernel::fail("cwd", ENAMETOOLONG);
    part[i] = name[i];
    if (i == 0 || (name[i + 1] != '/' && name[i + 1] != 0)) continue;
    part[i + 1] = 0;
    const auto made = kernel::mkdirat(kernel::cwd, part, 0755);
    if (!made && made.error().code != EEXIST) return std::unexpected(made.error());
  }
  return {};
}

/// A folder outside our root shows as "(unreachable)/...": CVE-2024-21626.
Result<> check_reachable() {
  char name[4096];
  const auto size = TRY(kernel::getcwd(name));
  if (size == 0 || name[0] != '/') return kernel::fail("cwd", EXDEV);
  return {};
}

/// The next line of `buffer` from `at`, without its end; an unfinished last line counts.
Text next_line(Text buffer, std::size_t& at) {
  const std::size_t from = at;
  while (at < buffer.size() && buffer[at] != '\n') ++at;
  const auto line = buffer.subspan(from, at - from);
  if (at < buffer.size()) ++at;
  return line;
}

Text field(Text line, int which) {
  std::size_t from = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] != ':') continue;
    if (which-- == 0) return line.subspan(from, i - from);
    from = i + 1;
  }
  return {};
}

bool is_number(Text text, unsigned number) {
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > 0xffffffffU) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return !text.empty() && value == number;
}

/// The home folder of `uid` from the container's passwd(5), or empty. Bounded, and never a FIFO or device:
/// the file is the image's.
Text home_of(unsigned uid, std::span<char> buffer) {
  const auto file = kernel::openat(kernel::cwd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return {};
  const auto what = kernel::status(file->get());
  if (!what || !S_ISREG(what->st_mode)) return {};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto n = kernel::read(file->get(), buffer.subspan(size));
    if (!n || *n == 0) break;
    size += *n;
  }
  const Text all = buffer.first(size);
  for (std::size_t at = 0; at < all.size();) {
    const Text line = next_line(all, at);
    if (is_number(field(line, 2), uid)) return field(line, 5);
  }
  return {};
}

/// Joins folder and name; false when they do not fit.
bool join(std::span<char> to, Text folder, Text name) {
  if (folder.empty()) folder = Text(".", 1);  // execvp(3): an empty part is the current folder
  if (folder.size() + name.size() + 2 > to.size()) return false;
  std::memcpy(to.data(), folder.data(), folder.size());
  to[folder.size()] = '/';
  std::memcpy(to.data() + folder.size() + 1, name.data(), name.size());
  to[folder.size() + 1 + name.size()] = 0;
  return true;
}

/// Into one of the places that the plan keeps free, with a nullptr behind them.
void add_variable(const Plan& plan, Name variable) {
  Name* last = plan.envp;
  while (*last) ++last;
  *last = variable;
}

/// The user's own ids are ours by now, its capabilities are not: become(). Those that open files are lent for
/// the look.
Result<> see_as_user(const Identity& identity) {
  constexpr std::uint64_t open_files =
      kernel::capability_bit(CAP_DAC_OVERRIDE) | kernel::capability_bit(CAP_DAC_READ_SEARCH);
  if (identity.uid == 0 || !(identity.effective & open_files)) return {};
  return kernel::capset(identity.effective & open_files, TRY(kernel::permitted_capabilities()),
                        identity.inheritable);
}

Result<> check_executable(const char* file) {
  const auto what = TRY(kernel::status(kernel::cwd, file, 0));
  if (S_ISDIR(what.st_mode)) return kernel::fail("execve", EISDIR);
  if (!S_ISREG(what.st_mode)) return kernel::fail("execve", EACCES);
  return kernel::faccessat2(kernel::cwd, file, X_OK, AT_EACCESS);
}

bool has_slash(const char* text) {
  for (; *text; ++text)
    if (*text == '/') return true;
  return false;
}

}  // namespace

Result<bool> try_working_directory(Control& control) {
  control.at(Stage::working_directory);
  const char* cwd = control.plan().cwd;
  auto entered = kernel::chdir(cwd);
  // Only a container that is being made gets one: a running one's folders are its own affair.
  if (!entered && entered.error().code == ENOENT && control.plan().rootfs) {
    TRY(make_folders(cwd));
    entered = kernel::chdir(cwd);
  }
  if (!entered && entered.error().code == EACCES) return false;
  TRY(std::move(entered));
  TRY(check_reachable());
  return true;
}

Result<> enter_working_directory(Control& control) {
  control.at(Stage::working_directory);
  TRY(kernel::chdir(control.plan().cwd));
  return check_reachable();
}

Result<> add_home(Control& control) {
  const Plan& plan = control.plan();
  if (!plan.add_home) return {};
  constexpr std::string_view key = "HOME=";
  const auto variable = home_memory(plan);
  Text home = home_of(plan.identity.uid, passwd_memory(plan));
  if (home.empty() || key.size() + home.size() + 1 > variable.size()) home = Text("/", 1);
  std::memcpy(variable.data(), key.data(), key.size());
  std::memcpy(variable.data() + key.size(), home.data(), home.size());
  variable[key.size() + home.size()] = 0;
  add_variable(plan, variable.data());
  return {};
}

void add_listen_pid(Control& control) {
  const auto variable = control.plan().listen_pid;
  if (variable.empty()) return;
  char digits[12];
  const auto pid = digits_of(kernel::getpid(), digits);
  std::memcpy(variable.data() + std::strlen(variable.data()), pid.data(), pid.size());
  add_variable(control.plan(), variable.data());
}

Result<Name> find_executable(Control& control) {
  control.at(Stage::executable);
  TRY(see_as_user(control.plan().identity));
  const Name name = control.plan().argv[0];
  if (has_slash(name)) {
    TRY(check_executable(name));
    return name;
  }
  bool denied = false;
  const auto path = path_memory(control.plan());
  const Text folders = text_of(control.plan().search_path);
  for (std::size_t at = 0; at <= folders.size();) {
    std::size_t end = at;
    while (end < folders.size() && folders[end] != ':') ++end;
    if (join(path, folders.subspan(at, end - at), text_of(name))) {
      const auto fits = check_executable(path.data());
      if (fits) return path.data();
      denied |= fits.error().code == EACCES;
    }
    at = end + 1;
  }
  return kernel::fail("$PATH", denied ? EACCES : ENOENT);
}

}  // namespace lodger::init

#include "bundle.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "facts.hpp"

namespace lodger::test {
namespace {

using nlohmann::json;

void copy_program(const std::string& from, const std::string& to) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
  INFO("copying " << from << " to " << to);
  REQUIRE(in >= 0);
  REQUIRE(out >= 0);
  while (sendfile(out, in, nullptr, 1 << 24) > 0) {
  }
  struct stat a {
  }, b{};
  fstat(in, &a);
  fstat(out, &b);
  close(in);
  close(out);
  REQUIRE(a.st_size == b.st_size);
}

std::string temporary_folder() {
  const char* tmp = std::getenv("TMPDIR");
  return tmp != nullptr ? tmp : "/tmp";
}

std::vector<std::string> probe_args(const std::string& line) {
  std::vector<std::string> args = {"/bin/probe"};
  for (auto& word : words(line)) args.push_back(std::move(word));
  return args;
}

json mount(const char* destination, const char* type, const char* source, std::vector<std::string> options) {
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}};
}

}  // namespace

json default_config(const std::string& name, const std::vector<std::string>& args) {
  const json capabilities = {"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
                             "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
                             "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
                             "CAP_KILL",    "CAP_AUDIT_WRITE"};
  json config;
  config["ociVersion"] = "1.0.2";
  config["root"] = {{"path", "rootfs"}};
  config["process"] = {
      {"args", args},
      {"cwd", "/"},
      {"env", {"PATH=/bin:/usr/bin"}},
      {"user", {{"uid", 0}, {"gid", 0}}},
      {"capabilities",
       {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}}};
  config["mounts"] = {
      mount("/proc", "proc", "proc", {}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts",
            {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"})};
  config["linux"] = {
      {"cgroupsPath", "/lodger-test/" + name},
      {"resources", {{"devices", {{{"allow", false}, {"access", "rwm"}}}}}},
      {"namespaces", {{{"type", "pid"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}}}};
  return config;
}

Bundle::Bundle(const std::vector<std::string>& args, const Edit& change)
    : name_(unique_name()), tree_(temporary_folder() + "/lodger-test-" + name_) {
  for (const char* folder : {"", "/rootfs", "/rootfs/bin", "/rootfs/etc", "/rootfs/tmp", "/rootfs/proc",
                             "/rootfs/dev", "/rootfs/sys"}) {
    const bool made = mkdir((path() + folder).c_str(), 0755) == 0;
    INFO(path() << folder << ": " << strerror(errno));
    REQUIRE(made);
  }
  copy_program(probe_path(), rootfs("/bin/probe"));
  copy_program("/bin/busybox", rootfs("/bin/busybox"));
  for (const char* applet : {"sh", "cat", "ls", "true", "sleep"})
    REQUIRE(symlink("busybox", rootfs(std::string("/bin/") + applet).c_str()) == 0);
  json config = default_config(name_, args);
  if (change) change(config);
  write_config(config.dump(2));
}

Bundle::Bundle(const std::string& line, const Edit& change) : Bundle(probe_args(line), change) {}

Bundle::Tree::~Tree() { support::remove_tree(path); }

void Bundle::edit(const Edit& change) {
  json config = json::parse(read_file(beside("config.json")));
  change(config);
  write_config(config.dump(2));
}

void Bundle::write_config(const std::string& text) const { write_file(beside("config.json"), text); }

std::string unique_name() {
  // The kernel gives a process id again, and what was killed may have left something of its name.
  static const std::string process = [] {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    char text[32];
    snprintf(text, sizeof text, "t%dx%05lx-", getpid(), now.tv_nsec >> 10);
    return std::string(text);
  }();
  static int count = 0;
  return process + std::to_string(++count);
}

std::string built_program(const char* variable, const std::string& beside) {
  if (const char* path = std::getenv(variable)) return path;
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
  REQUIRE(n > 0);
  std::string path(self, static_cast<std::size_t>(n));
  path.replace(path.rfind('/') + 1, std::string::npos, beside);
  INFO(variable << " is not set, and no " << path << " was built");
  REQUIRE(access(path.c_str(), X_OK) == 0);
  return path;
}

std::string probe_path() { return built_program("LODGER_PROBE", "probe"); }

}  // namespace lodger::test

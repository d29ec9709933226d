#include "container.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "files.hpp"
#include "trial.hpp"

namespace conformance {
namespace {

void make_rootfs(const std::string& root, const std::string& probe) {
  make_folder(root);
  for (const char* folder : {"/bin", "/etc", "/tmp", "/proc", "/dev", "/sys"}) make_folder(root + folder);
  write_file(root + "/bin/probe", read_file(probe), 0755);
}

std::vector<std::string> probe_words(const std::string& line) {
  std::vector<std::string> args = {"/bin/probe"};
  const auto verbs = words(line);
  args.insert(args.end(), verbs.begin(), verbs.end());
  return args;
}

}  // namespace

Container::Container(Trial& trial, std::string id, std::string bundle)
    : config(default_config(trial.machine(),
                            trial.run().cgroup + "/" + trial.name() + bundle.substr(bundle.rfind('-')))),
      trial_(trial),
      id_(std::move(id)),
      bundle_(std::move(bundle)) {
  make_folder(bundle_);
  make_rootfs(rootfs(), trial.run().probe());
}

void Container::payload(const std::string& line) { config["process"]["args"] = probe_words(line); }

void Container::add_hook(const std::string& kind, const std::string& line, const json& more) {
  const bool inside = kind == "startContainer";
  json hook = {{"path", inside ? "/bin/probe" : trial_.run().probe()}, {"args", probe_words(line)}};
  hook.update(more);
  config["hooks"][kind].push_back(std::move(hook));
}

void Container::save() const { write_config(config.dump(2)); }

void Container::write_config(std::string_view text) const { write_file(beside("config.json"), text); }

Finished Container::create(const std::vector<std::string>& flags, const Setting& setting) {
  save();
  const std::string pid_file = beside("pid");
  std::vector<std::string> args = {"create", "--bundle", bundle_, "--pid-file", pid_file};
  args.insert(args.end(), flags.begin(), flags.end());
  args.push_back(id_);
  creators_.push_back(trial_.begin(args, setting));
  const Finished done = trial_.finish(creators_.back());
  if (done.succeeded()) pid_ = static_cast<pid_t>(std::atol(read_file(pid_file).c_str()));
  return done;
}

Finished Container::start() { return trial_.runtime({"start", id_}); }
Finished Container::kill(const std::string& signal) { return trial_.runtime({"kill", id_, signal}); }
Finished Container::state_command() { return trial_.runtime({"state", id_}); }

Finished Container::remove(const std::vector<std::string>& flags) {
  std::vector<std::string> args = {"delete"};
  args.insert(args.end(), flags.begin(), flags.end());
  args.push_back(id_);
  return trial_.runtime(args);
}

void Container::created(const std::vector<std::string>& flags, const Setting& setting) {
  trial_.require_success("create", create(flags, setting));
}

void Container::started() {
  created();
  trial_.require_success("start", start());
}

void Container::removed() { trial_.require_success("delete", remove()); }

json Container::state() {
  const Finished done = state_command();
  trial_.require_success("state", done);
  const json state = json::parse(done.out, nullptr, false);
  trial_.require("the state", state.is_object(), "a JSON object", done.out);
  return state;
}

bool Container::known() { return state_command().succeeded(); }

bool Container::alive() const {
  if (pid_ <= 0) return false;
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0) return false;
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const bool alive = poll(&ended, 1, 0) == 0;
  close(fd);
  return alive;
}

void Container::await_stopped() {
  const bool ended = trial_.eventually([&] { return !alive(); });
  trial_.require("the container process", ended, "to end", "it still runs; output: " + output());
  std::string last;
  const bool stopped = trial_.eventually([&] { return (last = status()) == "stopped"; });
  trial_.require("the status after the process ended", stopped, "stopped", last);
}

std::string Container::output() const { return creators_.empty() ? "" : creators_.back().out(); }
std::string Container::errors() const { return creators_.empty() ? "" : creators_.back().err(); }

void Container::await_output(const std::string& text) {
  const bool came = trial_.eventually([&] { return output().find(text) != std::string::npos; });
  trial_.require("the container's output", came, "to have " + text, output() + errors());
}

Facts Container::inside(const std::string& line) {
  payload(line);
  started();
  await_stopped();
  const Facts facts(output());
  removed();
  return facts;
}

std::string Container::cgroup(const std::string& controller) const {
  // proc(5), /proc/pid/cgroup: "4:memory:/path"; the unified hierarchy is "0::/path".
  const Hierarchy* hierarchy = nullptr;
  for (const Hierarchy& h : trial_.machine().cgroups)
    if (controller.empty() && h.v2) hierarchy = &h;
  if (!controller.empty()) hierarchy = trial_.machine().controller(controller);
  if (hierarchy == nullptr) return "";
  for (const auto& line : lines(read_file("/proc/" + std::to_string(pid_) + "/cgroup"))) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool here = hierarchy->v2 ? names == ",," : names.find("," + controller + ",") != std::string::npos;
    if (here) return hierarchy->path + line.substr(second + 1);
  }
  return "";
}

}  // namespace conformance

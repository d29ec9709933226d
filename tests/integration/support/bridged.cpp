#include "bridged.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace lodger::test {

using nlohmann::json;

namespace {

std::string helper() {
  const auto lodger = runtime_path();
  return lodger.substr(0, lodger.rfind('/')) + "/lodger-network";
}

}  // namespace

Finished shell(const std::string& line) { return run_command({"/bin/sh", "-c", line}); }

std::vector<std::string> probing(const std::string& line) {
  std::vector<std::string> argv{probe_path()};
  for (auto& word : words(line)) argv.push_back(word);
  return argv;
}

Networks::Networks()
    : outside_({"/usr/bin/unshare", "--net", "/bin/sh", "-c", "echo there; exec sleep 600"}) {
  outside_.wait_for("there");
  const auto done =
      shell("set -e; ip link add out type veth peer name eth0 netns " + std::to_string(outside_.pid()) +
            "; ip address add 192.0.2.1/24 dev out; ip address add 2001:db8::1/64 dev out nodad; ip link "
            "set out up" +
            "; ip route add default via 192.0.2.2; ip route add default via 2001:db8::2");
  why = done.err;
  why += out("ip address add 192.0.2.2/24 dev eth0; ip address add 2001:db8::2/64 dev eth0 nodad; ip link "
             "set eth0 up;"
             " ip link set lo up; ip route add 10.61.0.0/16 via 192.0.2.1")
             .err;
}

Finished Networks::out(const std::string& line) const {
  auto argv = entering();
  argv.insert(argv.end(), {"/bin/sh", "-c", line});
  return run_command(argv);
}

Running Networks::begin_out(const std::string& probe_line) const {
  auto argv = probing(probe_line);
  const auto before = entering();
  argv.insert(argv.begin(), before.begin(), before.end());
  return Running(argv);
}

std::vector<std::string> Networks::entering() const {
  return {"/usr/bin/nsenter", "--net=/proc/" + std::to_string(outside_.pid()) + "/ns/net"};
}

std::vector<std::string> lacking(bool proxied) {
  std::vector<std::string> out;
  for (const char* tool : {"/bin/ip", "/usr/bin/nsenter"})
    if (access(tool, X_OK) != 0) out.push_back(std::string("needs ") + tool);
  if (access(helper().c_str(), X_OK) != 0) out.emplace_back("lodger-network was not built");
  if (proxied) return out;
  if (access("/usr/sbin/nft", X_OK) != 0) out.emplace_back("needs /usr/sbin/nft");
  if (shell("nft list tables").status != 0) out.emplace_back("this kernel has no nf_tables");
  return out;
}

std::string ask(std::vector<std::string> where, const std::string& stack, const std::string& port,
                const std::string& address) {
  auto argv = probing("ask " + stack + " " + port + " hello " + address);
  argv.insert(argv.begin(), {"/usr/bin/timeout", "2"});
  argv.insert(argv.begin(), where.begin(), where.end());
  for (int tries = stack.starts_with("udp") ? 3 : 1; tries > 0; --tries) {
    const auto answers = Facts(run_command(argv).out).all("ask:" + stack);
    if (!answers.empty()) return answers.front();
  }
  return "";
}

std::string ask_from_host(const std::string& stack, const std::string& port, const std::string& address) {
  return ask({}, stack, port, address);
}

std::string ask_from_outside(const Networks& net, const std::string& stack, const std::string& port,
                             const std::string& address) {
  return ask(net.entering(), stack, port, address);
}

std::vector<std::string> bridge(std::vector<std::string> more) {
  more.insert(more.begin(), {"--network", "bridge"});
  return more;
}

void without_cgroup(nlohmann::json& config) {
  config["linux"].erase("cgroupsPath");
  config["linux"].erase("resources");
}

json inspect(Container& container) {
  return json::parse(container.call({"network", "inspect", "bridge"}).out);
}

std::string fences() {
  return shell("ip rule list | grep -e ^60: -e ^61: ; ip -6 rule list | grep -e ^60: -e ^61:").out;
}

std::string traces() {
  return shell(
             "ip -o link | grep -o -e 'lodger[0-9]*' -e 'lg[0-9a-f]*@' ; nft list table inet lodger "
             "2>/dev/null | grep comment")
      .out;
}

bool soon_traces(const std::string& wanted) {
  return eventually([&] { return traces() == wanted; }, std::chrono::seconds(5));
}

void prune(Container& container) {
  const auto done = container.call({"network", "prune"});
  CHECK(done.status == 0);
  CHECK(done.err == "");
}

}  // namespace lodger::test

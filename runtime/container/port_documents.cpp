// How ports are shown.
#include <fmt/core.h>

#include "netmode/ports/phrase.hpp"
#include "runtime/container/columns.hpp"
#include "runtime/container/ports.hpp"
#include "spec/json_writer.hpp"

namespace lodger::container {
namespace {

using Processes = std::vector<HeldPort::Process>;

/// Of a relay: the direction in which what arrives is carried.
std::string_view network(const HeldPort& port) {
  if (port.relay) return port.host ? "relay-in" : "relay-out";
  return port.host ? "host" : "own";
}

std::string first_pid(const Processes& processes) {
  return processes.empty() ? "-" : fmt::format("{}", processes.front().pid);
}

/// The parent of a server's workers is nearly always the first.
std::string first_name(const Processes& processes) {
  if (processes.empty()) return "-";
  const auto& name = processes.front().name;
  return processes.size() == 1 ? name : fmt::format("{} and {} more", name, processes.size() - 1);
}

Columns row(const HeldPort& port) {
  const auto& [protocol, address, number, connected, uid, inode, cgroup] = port.socket;
  return {std::string(netmode::name_of(protocol)),
          bare_text(address),
          fmt::format("{}", number),
          std::string(network(port)),
          first_pid(port.processes),
          first_name(port.processes)};
}

}  // namespace

std::string port_table(const std::vector<HeldPort>& ports, bool with_id) {
  std::vector<Columns> rows{{"PROTOCOL", "ADDRESS", "PORT", "NETWORK", "PID", "PROCESS"}};
  if (with_id) rows.front().insert(rows.front().begin(), "ID");
  for (const auto& port : ports) {
    rows.push_back(row(port));
    if (with_id) rows.back().insert(rows.back().begin(), port.container);
  }
  return aligned(rows);
}

std::string port_array(const std::vector<HeldPort>& ports) {
  spec::JsonWriter out(2);
  out.open('[');
  for (const auto& port : ports) {
    out.open('{').key("id").text(port.container).key("network").text(network(port));
    out.key("protocol").text(netmode::name_of(port.socket.protocol));
    out.key("address").text(bare_text(port.socket.address)).key("port").number(port.socket.port);
    out.key("processes").open('[');
    for (const auto& [pid, name] : port.processes)
      out.open('{').key("pid").number(pid).key("name").text(name).close('}');
    out.close(']').close('}');
  }
  return out.close(']').str() + '\n';
}

}  // namespace lodger::container

#include "runtime/container/record_json.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace lodger::container {
namespace {

using Json = nlohmann::ordered_json;

/// Raised when a later lodger writes something that an older one would misread.
constexpr int format = 1;

Json to_value(const cgroups::Record& cgroup) {
  Json value = {
      {"path", cgroup.path}, {"folders", cgroup.folders}, {"made", cgroup.made}, {"unified", cgroup.unified}};
  const auto& unit = cgroup.unit;
  if (!unit.name.empty())
    value["systemd"] = {
        {"unit", unit.name}, {"user", unit.user}, {"folder", unit.folder}, {"inode", unit.inode}};
  return value;
}

cgroups::Record cgroup_from(const Json& value) {
  cgroups::Record cgroup;
  value.at("path").get_to(cgroup.path);
  value.at("folders").get_to(cgroup.folders);
  value.at("made").get_to(cgroup.made);
  value.at("unified").get_to(cgroup.unified);
  if (const auto systemd = value.find("systemd"); systemd != value.end()) {
    systemd->at("unit").get_to(cgroup.unit.name);
    systemd->at("user").get_to(cgroup.unit.user);
    systemd->at("folder").get_to(cgroup.unit.folder);
    systemd->at("inode").get_to(cgroup.unit.inode);
  }
  return cgroup;
}

Json to_value(const resctrl::Record& rdt) {
  return {{"group", rdt.group}, {"monitor", rdt.monitor}, {"made", rdt.made}};
}

resctrl::Record rdt_from(const Json& value) {
  resctrl::Record rdt;
  value.at("group").get_to(rdt.group);
  value.at("monitor").get_to(rdt.monitor);
  value.at("made").get_to(rdt.made);
  return rdt;
}

Json to_value(const rootfs::MountIdentity& mount) {
  return {{"id", mount.id}, {"source", mount.source}, {"mountNamespace", mount.mount_namespace}};
}

rootfs::MountIdentity mount_from(const Json& value) {
  rootfs::MountIdentity mount;
  value.at("id").get_to(mount.id);
  value.at("source").get_to(mount.source);
  value.at("mountNamespace").get_to(mount.mount_namespace);
  return mount;
}

Json to_value(const netmode::Record& network) {
  Json value = Json::object();
  if (network.bind) {
    value["bind"] = Json::array();
    for (const auto& ports : *network.bind) value["bind"].push_back(netmode::to_text(ports));
  }
  for (const auto& publication : network.map) value["map"].push_back(netmode::to_text(publication));
  if (network.landlocked) value["landlock"] = true;
  if (network.private_abstract) value["privateAbstract"] = true;
  if (!network.programs.empty()) value["programs"] = network.programs;
  return value;
}

Outcome<netmode::Record> network_from(const Json& value) {
  netmode::Record network;
  if (const auto bind = value.find("bind"); bind != value.end()) {
    network.bind.emplace();
    for (const auto& text : *bind) {
      const auto ports = TRY(netmode::parse_ports(text.get<std::string>(), "network.bind"));
      if (ports.size() != 1) return refuse("network.bind: each entry is one port or range", EINVAL);
      network.bind->push_back(ports.front());
    }
  }
  if (const auto map = value.find("map"); map != value.end())
    for (const auto& text : *map)
      network.map.push_back(TRY(netmode::parse_publish(text.get<std::string>(), "network.map")));
  network.landlocked = value.value("landlock", false);
  network.private_abstract = value.value("privateAbstract", false);
  if (const auto programs = value.find("programs"); programs != value.end())
    programs->get_to(network.programs);
  return network;
}

Json to_value(const std::vector<netmode::Publication>& publications) {
  Json value = Json::array();
  for (const auto& publication : publications) value.push_back(netmode::to_text(publication));
  return value;
}

Outcome<std::vector<netmode::Publication>> publications_from(const Json& value) {
  std::vector<netmode::Publication> out;
  for (const auto& text : value)
    out.push_back(TRY(netmode::parse_publish(text.get<std::string>(), "bridge.published")));
  return out;
}

Json to_value(const netmode::bridge::Record& bridge) {
  Json value = {{"network", bridge.name},
                {"definition", netmode::bridge::to_file(bridge.network)},
                {"address", netmode::bridge::to_text(bridge.address)},
                {"published", to_value(bridge.published)}};
  if (bridge.proxy.pid != 0)
    value["proxy"] = {{"pid", bridge.proxy.pid},
                      {"startTime", bridge.proxy.start_time},
                      {"published", to_value(bridge.proxied)}};
  return value;
}

Outcome<netmode::bridge::Record> bridge_from(const Json& value) {
  netmode::bridge::Record bridge;
  value.at("network").get_to(bridge.name);
  bridge.network = TRY(netmode::bridge::network_from_file(value.at("definition").get<std::string>()));
  const auto address = netmode::bridge::v4_from(value.at("address").get<std::string>());
  if (!address) return refuse("bridge.address: not an IPv4 address");
  bridge.address = *address;
  bridge.published = TRY(publications_from(value.at("published")));
  if (const auto proxy = value.find("proxy"); proxy != value.end()) {
    proxy->at("pid").get_to(bridge.proxy.pid);
    proxy->at("startTime").get_to(bridge.proxy.start_time);
    bridge.proxied = TRY(publications_from(proxy->at("published")));
  }
  return bridge;
}

Json to_value(const std::vector<netmode::PortRange>& udp) {
  Json value = Json::array();
  for (const auto& range : udp) value.push_back(netmode::to_text({range, netmode::Protocol::udp}));
  return value;
}

Json to_value(const netmode::relay::Record& relay, const cgroups::Record& cgroup) {
  Json value = {{"program", relay.program}, {"version", relay.version}};
  if (relay.options.ports) value["ports"] = netmode::to_text(*relay.options.ports);
  if (relay.options.to_host) value["toHost"] = netmode::to_text(*relay.options.to_host);
  if (!relay.udp.empty()) value["udp"] = to_value(relay.udp);
  value["pid"] = relay.process.pid;
  value["startTime"] = relay.process.start_time;
  value["cgroup"] = to_value(cgroup);
  return value;
}

Outcome<> take_relay(const Json& value, Record& record) {
  auto& relay = record.relay;
  value.at("program").get_to(relay.program);
  value.at("version").get_to(relay.version);
  const auto list = [&](const char* key, netmode::PortList& into) -> Outcome<> {
    const auto found = value.find(key);
    if (found == value.end()) return {};
    return netmode::add_ports(into, fmt::format("relay.{}", key), found->get<std::string>(), "no SCTP");
  };
  TRY(list("ports", relay.options.ports));
  TRY(list("toHost", relay.options.to_host));
  if (const auto udp = value.find("udp"); udp != value.end())
    for (const auto& text : *udp)
      for (const auto& ports : TRY(netmode::parse_ports(text.get<std::string>(), "relay.udp")))
        relay.udp.push_back(ports.range);
  value.at("pid").get_to(relay.process.pid);
  value.at("startTime").get_to(relay.process.start_time);
  record.relay_cgroup = cgroup_from(value.at("cgroup"));
  return {};
}

Outcome<Record> record_from(const Json& value) {
  Record record;
  value.at("id").get_to(record.id);
  value.at("bundle").get_to(record.bundle);
  value.at("rootfs").get_to(record.rootfs);
  value.at("created").get_to(record.created);
  value.at("owner").get_to(record.owner);
  value.at("pid").get_to(record.pid);
  value.at("startTime").get_to(record.start_time);
  value.at("hostNetwork").get_to(record.host_network);
  value.at("ownPidNamespace").get_to(record.own_pid_namespace);
  record.cgroup = cgroup_from(value.at("cgroup"));
  if (const auto rdt = value.find("intelRdt"); rdt != value.end()) record.rdt = rdt_from(*rdt);
  if (const auto root = value.find("hostRoot"); root != value.end()) record.host_root = mount_from(*root);
  if (const auto network = value.find("network"); network != value.end())
    record.network = TRY(network_from(*network));
  if (const auto bridge = value.find("bridge"); bridge != value.end())
    record.bridge = TRY(bridge_from(*bridge));
  if (const auto relay = value.find("relay"); relay != value.end()) TRY(take_relay(*relay, record));
  return record;
}

}  // namespace

Outcome<std::string> to_json(const Record& record) {
  try {
    Json value = {{"format", format},
                  {"id", record.id},
                  {"bundle", record.bundle},
                  {"rootfs", record.rootfs},
                  {"created", record.created},
                  {"owner", record.owner},
                  {"pid", record.pid},
                  {"startTime", record.start_time},
                  {"hostNetwork", record.host_network},
                  {"ownPidNamespace", record.own_pid_namespace},
                  {"cgroup", to_value(record.cgroup)}};
    if (!record.rdt.group.empty()) value["intelRdt"] = to_value(record.rdt);
    if (record.host_root.id != 0) value["hostRoot"] = to_value(record.host_root);
    if (record.network.any()) value["network"] = to_value(record.network);
    if (!record.bridge.name.empty()) value["bridge"] = to_value(record.bridge);
    const bool relayed = !record.relay.program.empty() || !record.relay_cgroup.folders.empty();
    if (relayed) value["relay"] = to_value(record.relay, record.relay_cgroup);
    return value.dump();
  } catch (const Json::exception& e) {
    return refuse(
        fmt::format("the state of container {} cannot be written as JSON, which holds UTF-8 alone: {}",
                    record.id, e.what()),
        EILSEQ);
  }
}

Outcome<Record> record_from_json(std::string_view text) {
  try {
    const Json value = Json::parse(text);
    const int found = value.at("format").get<int>();
    if (found != format)
      return refuse(fmt::format("format {}, but this lodger knows {} alone", found, format));
    return record_from(value);
  } catch (const Json::exception& e) {
    return refuse(e.what());
  }
}

}  // namespace lodger::container

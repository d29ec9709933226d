// How containers are shown: the state document, and the table and array of `list`.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/container/columns.hpp"
#include "runtime/container/query.hpp"
#include "runtime/container/users.hpp"
#include "spec/defaults.hpp"

namespace lodger::container {
namespace {

using Json = nlohmann::ordered_json;
constexpr auto lenient = Json::error_handler_t::replace;  // the texts were UTF-8 when they were written

Json document(const Entry& entry, const std::string& owner) {
  Json value = {
      {"ociVersion", spec::oci_version},   {"id", entry.record.id},         {"pid", entry.pid()},
      {"status", to_string(entry.status)}, {"bundle", entry.record.bundle}, {"rootfs", entry.record.rootfs},
      {"created", entry.record.created}};
  if (!entry.annotations.empty()) value["annotations"] = entry.annotations;
  value["owner"] = owner;
  const auto& relay = entry.record.relay;
  if (!relay.program.empty())
    value["network"] = {{"mode", "relay"},
                        {"program", relay.program},
                        {"version", relay.version},
                        {"pid", relay.process.pid},
                        {"running", netmode::lives(relay.process).value_or(false)}};
  return value;
}

}  // namespace

std::string state_document(const Entry& entry) { return document(entry, "").dump(2, ' ', false, lenient); }

std::string table(const std::vector<Entry>& entries) {
  const Users owners;
  std::vector<Columns> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& entry : entries) {
    const auto& record = entry.record;
    rows.push_back({record.id, fmt::format("{}", entry.pid()), std::string(to_string(entry.status)),
                    record.bundle, record.created, owners.name(record.owner)});
  }
  return aligned(rows);
}

std::string array(const std::vector<Entry>& entries) {
  const Users owners;
  Json all;  // null, as runc's callers know it, until there is one
  for (const auto& entry : entries) all.push_back(document(entry, owners.name(entry.record.owner)));
  return all.dump(-1, ' ', false, lenient);
}

}  // namespace lodger::container

// How containers are shown: the state document, and the table and array of `list`.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

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
  return value;
}

using Row = std::array<std::string, 6>;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Columns at least twelve wide, with at least three blanks between them.
std::string aligned(const std::vector<Row>& rows) {
  std::array<std::size_t, 6> width{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      width[i] = std::max({width[i], characters(row[i]) + 3, std::size_t{12}});
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out.append(row[i]).append(width[i] - characters(row[i]), ' ');
    out.append(row.back()).push_back('\n');
  }
  return out;
}

}  // namespace

std::string state_document(const Entry& entry) { return document(entry, "").dump(2, ' ', false, lenient); }

std::string table(const std::vector<Entry>& entries) {
  const Users owners;
  std::vector<Row> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
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

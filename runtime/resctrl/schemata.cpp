#include "runtime/resctrl/schemata.hpp"

#include <algorithm>

#include "cgroups/files.hpp"

namespace lodger::resctrl {
namespace {

using cgroups::each_part;

std::string normal(std::string_view share) {
  std::string text;
  for (const char c : share)
    if (c != ' ' && (c != '0' || !text.empty()))
      text += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text.empty() ? "0" : text;
}

std::string without_blanks(std::string_view text) {
  std::string plain(text);
  std::erase(plain, ' ');
  return plain;
}

const Schema* find(const std::vector<Schema>& list, const std::string& resource) {
  const auto found = std::ranges::find(list, resource, &Schema::resource);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Schema> parse_schemata(std::string_view text) {
  std::vector<Schema> list;
  each_part(text, '\n', [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos) return;
    Schema schema{without_blanks(line.substr(0, colon)), {}};
    each_part(line.substr(colon + 1), ';', [&](std::string_view part) {
      const auto equal = part.find('=');
      if (equal != part.npos)
        schema.shares[without_blanks(part.substr(0, equal))] = normal(part.substr(equal + 1));
    });
    list.push_back(std::move(schema));
  });
  return list;
}

std::vector<std::string> writes_for(const spec::IntelRdt& rdt) {
  std::vector<std::string> writes;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) writes.push_back(text.ends_with('\n') ? text : text + '\n');
  };
  add(rdt.l3_cache_schema);
  add(rdt.mem_bw_schema);
  std::string lines;
  if (rdt.schemata)
    for (const auto& line : *rdt.schemata) lines += line + '\n';
  add(lines);
  return writes;
}

bool matches(const std::vector<Schema>& wanted, const std::vector<Schema>& found) {
  return std::ranges::all_of(wanted, [&](const Schema& schema) {
    const Schema* there = find(found, schema.resource);
    return there && std::ranges::all_of(schema.shares, [&](const auto& share) {
             const auto same = there->shares.find(share.first);
             return same != there->shares.end() && same->second == share.second;
           });
  });
}

std::string unknown_resource(const std::vector<Schema>& wanted, const std::vector<Schema>& found) {
  for (const auto& schema : wanted)
    if (!find(found, schema.resource)) return schema.resource;
  return "";
}

}  // namespace lodger::resctrl

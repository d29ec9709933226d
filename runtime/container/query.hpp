// Looking at containers: state and list. Source: runtime-spec 1.3, runtime.md, "State"; the members and the
// columns that callers of runc know.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/container/status.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// One container as seen at one moment.
struct Entry {
  Record record;
  Status status = Status::stopped;
  std::map<std::string, std::string> annotations;
  /// The process, as callers are told: 0 once it has ended.
  pid_t pid() const { return status == Status::stopped ? 0 : record.pid; }
};

/// Takes no lock.
Outcome<Entry> observe(const Folder& folder);
Outcome<Entry> observe(const Store& store, const std::string& id);

/// All containers of the store, sorted by id. One that cannot be read is told of in `broken` ("load container
/// x: ...") and hides no other; one that is only just being made is left out.
struct Listing {
  std::vector<Entry> entries;
  std::vector<std::string> broken;
};
Outcome<Listing> list(const Store& store);

/// The top level "annotations" of a config.json, and nothing else of it, read without building the rest.
Outcome<std::map<std::string, std::string>> annotations_of(std::string_view config);

/// The state document, indented by two blanks, without a line's end.
std::string state_document(const Entry& entry);
/// A table under the columns ID PID STATUS BUNDLE CREATED OWNER, owners by name.
std::string table(const std::vector<Entry>& entries);
/// The state documents as an array in one line; "null" for no container.
std::string array(const std::vector<Entry>& entries);

}  // namespace lodger::container

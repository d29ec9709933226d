// state.json as text.
#pragma once
#include <string>
#include <string_view>

#include "runtime/container/store.hpp"

namespace lodger::container {

/// One line of JSON. Fails where a path is not UTF-8, which JSON cannot hold.
Outcome<std::string> to_json(const Record& record);
/// The failure names the member that is missing or of the wrong kind.
Outcome<Record> record_from_json(std::string_view text);

}  // namespace lodger::container

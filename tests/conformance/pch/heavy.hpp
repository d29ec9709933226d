// What costs most to compile, once.
#include <nlohmann/json.hpp>

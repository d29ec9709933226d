// Annotations out of a config.json that was checked when the container was made. Only `state` and `list` come
// here, and often: so the text is walked by events, which keeps a seccomp profile's thousand nodes from being
// built for nothing. What counts is what spec::parse would take.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/container/query.hpp"
#include "spec/json.hpp"
#include "spec/text.hpp"

namespace lodger::container {
namespace {

using Json = nlohmann::json;

class Reader : public nlohmann::json_sax<Json> {
 public:
  std::map<std::string, std::string> found;
  std::string error;

  bool key(string_t& name) override {
    if (depth_ == 1) inside_ = spec::same_but_for_case(name, "annotations");
    if (depth_ == 1 && inside_) found.clear();
    if (depth_ == 2 && inside_) name_ = name;
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ == 2 && inside_) found[name_] = text;
    return true;
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return ++depth_ > 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool null() override {
    if (depth_ == 2 && inside_) found.erase(name_);
    return true;
  }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    error = e.what();
    return false;
  }

 private:
  int depth_ = 0;
  bool inside_ = false;
  std::string name_;
};

}  // namespace

Outcome<std::map<std::string, std::string>> annotations_of(std::string_view config) {
  if (!spec::may_have_member(config, "annotations")) return {};
  Reader reader;
  if (Json::sax_parse(config, &reader)) return std::move(reader.found);
  return refuse(fmt::format("reading the annotations: config.json is damaged: {}", reader.error), EBADMSG);
}

}  // namespace lodger::container

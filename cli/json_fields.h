#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

// Reading answers without trust in their shape: what is absent, null or of another type is empty.
namespace rastro::cli {

inline std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* field = object.if_contains(name);
  if (field == nullptr || !field->is_string()) return {};
  return std::string(field->get_string());
}
inline bool has_text(const boost::json::object& object, std::string_view name) {
  const auto* field = object.if_contains(name);
  return field != nullptr && field->is_string();
}
inline std::int64_t number_of(const boost::json::object& object, std::string_view name) {
  const auto* field = object.if_contains(name);
  if (field == nullptr) return 0;
  if (field->is_int64()) return field->get_int64();
  if (field->is_uint64()) return static_cast<std::int64_t>(field->get_uint64());
  if (field->is_double()) return static_cast<std::int64_t>(field->get_double());
  return 0;
}
inline bool has_number(const boost::json::object& object, std::string_view name) {
  const auto* field = object.if_contains(name);
  return field != nullptr && field->is_number();
}
inline bool is_true(const boost::json::object& object, std::string_view name) {
  const auto* field = object.if_contains(name);
  return field != nullptr && field->is_bool() && field->get_bool();
}
inline const boost::json::object& object_of(const boost::json::object& object,
                                            std::string_view name) {
  static const boost::json::object none;
  const auto* field = object.if_contains(name);
  return field != nullptr && field->is_object() ? field->get_object() : none;
}
inline const boost::json::array& array_of(const boost::json::object& object,
                                          std::string_view name) {
  static const boost::json::array none;
  const auto* field = object.if_contains(name);
  return field != nullptr && field->is_array() ? field->get_array() : none;
}

}  // namespace rastro::cli

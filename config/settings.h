#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace rastro {

// What is done to each setting in turn; `name` is its full name in the file ("store.retention").
class SettingVisitor {
 public:
  virtual ~SettingVisitor() = default;
  virtual void duration(std::string_view name, Duration& value, Duration min, Duration max) = 0;
  virtual void size(std::string_view name, std::uint64_t& bytes, std::uint64_t min,
                    std::uint64_t max) = 0;
  virtual void count(std::string_view name, std::uint64_t& value, std::uint64_t min,
                     std::uint64_t max) = 0;
  virtual void flag(std::string_view name, bool& value) = 0;
  virtual void path(std::string_view name, std::string& value, bool may_be_empty) = 0;
  virtual void word(std::string_view name, std::string& value, std::string_view what) = 0;
  virtual void mode(std::string_view name, std::uint32_t& value) = 0;
  virtual void choice(std::string_view name, int& value,
                      const std::vector<std::string_view>& names) = 0;
  // Free text that `is_fine` accepts; `what` says in words what it accepts.
  virtual void text(std::string_view name, std::string& value, std::string_view what,
                    bool (*is_fine)(std::string_view)) = 0;
  virtual void texts(std::string_view name, std::vector<std::string>& value, std::string_view what,
                     bool (*is_fine)(std::string_view)) = 0;
  virtual void networks(std::string_view name, std::vector<std::string>& value) = 0;
  virtual void sources(std::string_view name, std::vector<SourceSettings>& value) = 0;
};

// The one list of settings, with their limits. Everything that goes through all of them (loading,
// the tests over rastro.yaml and the man page) uses it.
void visit_settings(Config& config, SettingVisitor& visitor);
// The settings of one entry of `sources`; names have no section.
void visit_source(SourceSettings& source, SettingVisitor& visitor);

}  // namespace rastro

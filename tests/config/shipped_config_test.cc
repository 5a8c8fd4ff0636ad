#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "config/load.h"
#include "config/settings.h"
#include "config/yaml_node.h"

namespace rastro {
namespace {

std::string read(const std::string& path) {
  std::ifstream in(std::string(RASTRO_SOURCE_DIR) + '/' + path);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// The name of every setting there is.
class Lister : public SettingVisitor {
 public:
  void duration(std::string_view name, Duration&, Duration, Duration) override { add(name); }
  void size(std::string_view name, std::uint64_t&, std::uint64_t, std::uint64_t) override {
    add(name);
  }
  void count(std::string_view name, std::uint64_t&, std::uint64_t, std::uint64_t) override {
    add(name);
  }
  void flag(std::string_view name, bool&) override { add(name); }
  void path(std::string_view name, std::string&, bool) override { add(name); }
  void word(std::string_view name, std::string&, std::string_view) override { add(name); }
  void mode(std::string_view name, std::uint32_t&) override { add(name); }
  void choice(std::string_view name, int&, const std::vector<std::string_view>&) override {
    add(name);
  }
  void text(std::string_view name, std::string&, std::string_view,
            bool (*)(std::string_view)) override {
    add(name);
  }
  void texts(std::string_view name, std::vector<std::string>&, std::string_view,
             bool (*)(std::string_view)) override {
    add(name);
  }
  void networks(std::string_view name, std::vector<std::string>&) override { add(name); }
  void sources(std::string_view name, std::vector<SourceSettings>&) override { add(name); }
  std::vector<std::string> names;

 private:
  void add(std::string_view name) { names.emplace_back(name); }
};

std::vector<std::string> setting_names() {
  Config config;
  Lister lister;
  visit_settings(config, lister);
  return lister.names;
}
std::vector<std::string> source_setting_names() {
  SourceSettings source;
  Lister lister;
  visit_source(source, lister);
  return lister.names;
}

TEST(ShippedConfig, StatesExactlyTheDefaults) {
  const auto config = parse_config(read("config/rastro.yaml"), "rastro.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, Config{});
}

TEST(ShippedConfig, NamesEverySetting) {
  std::vector<YamlProblem> problems;
  const auto root = parse_yaml(read("config/rastro.yaml"), problems);
  ASSERT_TRUE(root && problems.empty());
  for (const auto& name : setting_names()) {
    const auto dot = name.find('.');
    const auto* section = dot == std::string::npos ? &*root : root->find(name.substr(0, dot));
    ASSERT_NE(section, nullptr) << name;
    EXPECT_NE(section->find(name.substr(dot == std::string::npos ? 0 : dot + 1)), nullptr) << name;
  }
  for (const auto& name : source_setting_names()) {
    EXPECT_NE(root->find("sources")->items.at(0).find(name), nullptr) << name;
  }
}

TEST(ShippedConfig, ManPageNamesEverySetting) {
  const auto page = read("docs/man/rastro.yaml.5.md");
  for (const auto& name : setting_names()) {
    EXPECT_THAT(page, testing::HasSubstr("**" + name + "**"));
  }
  for (const auto& name : source_setting_names()) {
    EXPECT_THAT(page, testing::HasSubstr("**" + name + "**"));
  }
}

}  // namespace
}  // namespace rastro

#include "config/yaml_node.h"

#include <gmock/gmock.h>

namespace rastro {
namespace {

using testing::HasSubstr;

std::string problems_of(const std::string& text) {
  std::vector<YamlProblem> problems;
  const auto root = parse_yaml(text, problems);
  EXPECT_EQ(root.has_value() && problems.empty(), problems.empty());
  return format_problems("f", problems);
}

TEST(ParseYaml, KeepsOrderPlacesAndQuoting) {
  std::vector<YamlProblem> problems;
  const auto root = parse_yaml("a: 1\nb:\n  - \"2\"\n  - {c: d}\n", problems);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->entries.size(), 2U);
  EXPECT_EQ(root->entries[1].mark.line, 2);
  const auto& list = root->entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_FALSE(root->find("a")->quoted);
  EXPECT_EQ(list.items[0].mark.line, 3);
  EXPECT_EQ(list.items[0].mark.column, 5);
  EXPECT_EQ(list.items[1].find("c")->text, "d");
}

TEST(ParseYaml, EmptyTextIsNull) {
  for (const auto* text : {"", "\n", "# nothing\n", "---\n"}) {
    std::vector<YamlProblem> problems;
    const auto root = parse_yaml(text, problems);
    ASSERT_TRUE(root) << text;
    EXPECT_EQ(root->kind, YamlNode::Kind::null);
  }
}

TEST(ParseYaml, RefusesWhatMakesSmallFilesLarge) {
  EXPECT_THAT(problems_of("a: &x [1]\nb: *x\n"), HasSubstr("f:1:4: anchors"));
  EXPECT_THAT(problems_of("a: *x\n"), HasSubstr("f:1:"));
  EXPECT_THAT(problems_of("a: !!binary x\n"), HasSubstr("tags"));
  EXPECT_THAT(problems_of("a: 1\n---\nb: 2\n"), HasSubstr("more than one"));
  EXPECT_THAT(problems_of("? [a]\n: b\n"), HasSubstr("key must be"));
  EXPECT_THAT(problems_of(std::string(kYamlBytesMax + 1, '#')), HasSubstr("larger than"));
  EXPECT_THAT(problems_of(std::string("a: \0b", 5)), HasSubstr("NUL"));
}

TEST(ParseYaml, RefusesDeepNestingWithoutFallingOver) {
  for (const int depth : {20, 5'000, 200'000}) {
    EXPECT_THAT(problems_of(std::string(depth, '[')), HasSubstr("nested deeper")) << depth;
    EXPECT_FALSE(problems_of(std::string(depth, '{')).empty()) << depth;
  }
  std::string indented;
  for (int i = 0; i < 600; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(problems_of(indented), HasSubstr("nested deeper"));
}

TEST(ParseYaml, RefusesTooManyValues) {
  std::string list = "[";
  for (std::size_t i = 0; i <= kYamlNodesMax; ++i) list += "1,";
  EXPECT_THAT(problems_of(list + "]"), HasSubstr("values"));
}

TEST(ParseYaml, ReportsDuplicateKeysAtTheSecond) {
  EXPECT_EQ(problems_of("a: 1\nb: 2\na: 3\n"), "f:3:1: duplicate key \"a\"");
}

TEST(ParseYaml, NoTextMakesItThrow) {
  const std::string seed = "a: {b: [1, \"x\"], c: |\n  t\n}\n- d: 'e'\n%YAML 1.2\n&*!@`\t";
  for (std::size_t from = 0; from < seed.size(); ++from) {
    for (std::size_t to = from; to <= seed.size(); ++to) {
      std::vector<YamlProblem> problems;
      EXPECT_NO_THROW((void)parse_yaml(std::string_view(seed).substr(from, to - from), problems));
    }
  }
}

}  // namespace
}  // namespace rastro

#include "daemon/answer/address_pattern.h"

#include <gmock/gmock.h>

#include "daemon/answer/idn.h"
#include "daemon/answer/letters.h"

namespace rastro {
namespace {

using Fit = AddressPattern::Fit;

struct PatternRow {
  const char* typed;
  const char* address;
  Fit fit;
};

class Patterns : public testing::TestWithParam<PatternRow> {};

TEST_P(Patterns, FitWhatTheyName) {
  EXPECT_EQ(AddressPattern(GetParam().typed).fit(GetParam().address), GetParam().fit)
      << GetParam().typed << " against " << GetParam().address;
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Patterns,
    testing::Values(PatternRow{"juan@example.org", "juan@example.org", Fit::exact},
                    PatternRow{"Juan@EXAMPLE.org", "juan@example.ORG", Fit::exact},
                    PatternRow{"<juan@example.org>", "juan@example.org", Fit::exact},
                    PatternRow{"juan@example.org", "juan+lists@example.org", Fit::tagged},
                    PatternRow{"juan+lists@example.org", "juan@example.org", Fit::none},
                    PatternRow{"juan@example.org", "juana@example.org", Fit::none},
                    PatternRow{"juan@example.org", "\"juan+x\"@example.org", Fit::none},
                    PatternRow{"juan@example.org", "juan@mail.example.org", Fit::none},
                    PatternRow{"juan@b\xc3\xbc"
                               "cher.example",
                               "juan@xn--bcher-kva.example", Fit::exact},
                    PatternRow{"juan@xn--bcher-kva.example",
                               "juan@b\xc3\xbc"
                               "cher.example",
                               Fit::exact},
                    PatternRow{"juan@xn--bcher-kva.example",
                               "juan@B\xc3\x9c"
                               "CHER.example",
                               Fit::exact},
                    PatternRow{"PE\xc3\x91"
                               "A@example.org",
                               "pe\xc3\xb1"
                               "a@example.org",
                               Fit::exact},
                    PatternRow{"pe\xc3\xb1"
                               "a@example.org",
                               "PE\xc3\x91"
                               "A@Example.org",
                               Fit::exact},
                    PatternRow{"pe\xc3\xb1"
                               "a@example.org",
                               "pena@example.org", Fit::none},
                    PatternRow{"PE\xc3\x91*",
                               "pe\xc3\xb1"
                               "a@example.org",
                               Fit::pattern},
                    PatternRow{"@example.org", "ana@Example.ORG", Fit::pattern},
                    PatternRow{"@example.org", "ana@mail.example.org", Fit::none},
                    PatternRow{"@.example.org", "ana@mail.example.org", Fit::pattern},
                    PatternRow{"@.example.org", "ana@example.org", Fit::pattern},
                    PatternRow{"@.example.org", "ana@badexample.org", Fit::none},
                    PatternRow{"@b\xc3\xbc"
                               "cher.example",
                               "ana@xn--bcher-kva.example", Fit::pattern},
                    PatternRow{"*juan*", "San.Juan@example.org", Fit::pattern},
                    PatternRow{"j?an@*", "joan@example.org", Fit::pattern},
                    PatternRow{"j?an@*", "jan@example.org", Fit::none},
                    PatternRow{"*@b\xc3\xbc"
                               "cher.example",
                               "a@xn--bcher-kva.example", Fit::pattern},
                    PatternRow{"juan", "juan@example.org", Fit::exact},
                    PatternRow{"root", "root", Fit::exact}, PatternRow{"<>", "", Fit::exact},
                    PatternRow{"<>", "a@example.org", Fit::none},
                    PatternRow{"juan@example.org", "", Fit::none}, PatternRow{"*", "", Fit::none}));

TEST(AddressPattern, AsksTheIndexInBothFormsOfADomain) {
  const auto keys = AddressPattern("Juan@xn--bcher-kva.example")
                        .keys(KeyKind::recipient, KeyKind::recipient_domain);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].value, "juan@xn--bcher-kva.example");
  EXPECT_EQ(keys[1].value,
            "juan@b\xc3\xbc"
            "cher.example");
  EXPECT_TRUE(AddressPattern("*juan*").keys(KeyKind::recipient, KeyKind::recipient_domain).empty());
}

TEST(AddressPattern, AsksTheIndexInEveryCaseOfOtherLetters) {
  const auto keys = AddressPattern(
                        "Pe\xc3\xb1"
                        "a@example.org")
                        .keys(KeyKind::recipient, KeyKind::recipient_domain);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].value,
            "pe\xc3\xb1"
            "a@example.org");
  EXPECT_EQ(keys[1].value,
            "pe\xc3\x91"
            "a@example.org");
}

TEST(Letters, HaveTheOtherCase) {
  EXPECT_EQ(lower_letters("\xc3\x81\xc3\x91\xc5\xa0\xce\xa9\xd0\x90\xd0\x81 A\xc3\x97"),
            "\xc3\xa1\xc3\xb1\xc5\xa1\xcf\x89\xd0\xb0\xd1\x91 a\xc3\x97");
  EXPECT_THAT(
      forms_by_case("\xc3\x81lvaro.mu\xc3\xb1oz"),
      testing::UnorderedElementsAre("\xc3\xa1lvaro.mu\xc3\xb1oz", "\xc3\x81lvaro.mu\xc3\xb1oz",
                                    "\xc3\xa1lvaro.mu\xc3\x91oz", "\xc3\x81lvaro.mu\xc3\x91oz"));
  EXPECT_THAT(forms_by_case("A\xc3\x9f"), testing::ElementsAre("a\xc3\x9f"));
  // Ольга.2ю
  EXPECT_THAT(forms_by_case("\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb3\xd0\xb0.2\xd1\x8e"),
              testing::ElementsAre("\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb3\xd0\xb0.2\xd1\x8e",
                                   "\xd0\x9e\xd0\x9b\xd0\xac\xd0\x93\xd0\x90.2\xd0\xae",
                                   "\xd0\x9e\xd0\xbb\xd1\x8c\xd0\xb3\xd0\xb0.2\xd1\x8e"));
  EXPECT_EQ(lower_letters("\xc3"), "\xc3");
  EXPECT_EQ(lower_letters("\xff\xc3\x28"), "\xff\xc3\x28");
}

TEST(AddressPattern, HalfAnAddressIsAsked) {
  EXPECT_TRUE(AddressPattern("juan@").matches("juan@example.org"));
  EXPECT_FALSE(AddressPattern("juan@").matches("juana@example.org"));
  EXPECT_TRUE(AddressPattern("@*.example.org").matches("juan@mail.example.org"));
  EXPECT_FALSE(AddressPattern("@*.example.org").matches("juan@example.org"));
  EXPECT_FALSE(AddressPattern("@").matches("juan@example.org"));
}

TEST(Idn, WhatIsNoNameIsLeftAlone) {
  EXPECT_EQ(ascii_domain("\xff\xfe.example"), "\xff\xfe.example");
  EXPECT_EQ(ascii_domain(std::string("a\0\xc3\xbc", 4)), std::string("a\0\xc3\xbc", 4));
  EXPECT_EQ(unicode_domain("xn--.example"), "xn--.example");
  EXPECT_EQ(ascii_domain(std::string(5000, 'a') + "\xc3\xbc").size(), 5002U);
}

}  // namespace
}  // namespace rastro

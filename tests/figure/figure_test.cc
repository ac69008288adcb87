#include "dashboards/figure/figure.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace plumbline::figure;

TEST_CASE("a figure is self-contained, escapes what people wrote, and is the same for the same data", "[figure]") {
  Plot plot;
  plot.title = "O/E < 1 & \"more\"";
  plot.curves.push_back({"limit", {{1, 1}, {2, 3}}});
  plot.marks.push_back({1.5, 2, Shape::kUp, Tone::kHigh, "site <7>"});
  const std::string svg = Render(plot);
  CHECK(svg == Render(plot));
  CHECK(svg.find("O/E &lt; 1 &amp; &quot;more&quot;") != std::string::npos);
  CHECK(svg.find("site &lt;7&gt;") != std::string::npos);
  for (const char* outside : {"<script", "href", "@import", "url("}) CHECK(svg.find(outside) == std::string::npos);
  CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("values that are not finite, or not positive on a logarithmic axis, are not drawn", "[figure]") {
  Plot plot;
  plot.y_log = true;
  plot.marks.push_back({1, std::numeric_limits<double>::quiet_NaN()});
  plot.marks.push_back({std::numeric_limits<double>::infinity(), 2});
  plot.marks.push_back({1, 0});
  plot.marks.push_back({1, 5});
  const std::string svg = Render(plot);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  std::size_t circles = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) ++circles;
  CHECK(circles == 1);
}

TEST_CASE("an empty figure and a forest without intervals still render", "[figure]") {
  CHECK(Render(Plot{}).find("</svg>") != std::string::npos);
  Forest forest;
  forest.rows.push_back({.label = "A", .value = 1, .has_interval = false});
  forest.rows.push_back({.label = "not shown", .has_interval = false, .has_value = false});
  CHECK(Render(forest).find("not shown") != std::string::npos);
}

// Text to Program: parses a library and what it includes, checks types (overloads, generics, implicit conversions, choices,
// fluent functions), and emits typed nodes. Everything that is wrong is reported, several errors at once, each at its place.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cql/data_model.h"
#include "engine/cql/program.h"
#include "engine/cql/source.h"

namespace plumbline::cql {

// Where the texts of included libraries come from.
class LibraryProvider {
 public:
  virtual ~LibraryProvider() = default;
  // Null where there is none. An empty version: any (the greatest).
  [[nodiscard]] virtual const std::string* Find(std::string_view name, std::string_view version) const = 0;
  [[nodiscard]] virtual std::vector<std::string> Versions(std::string_view name) const = 0;
  [[nodiscard]] virtual std::vector<std::string> Names() const = 0;
};

// Libraries held in memory, by the name and version their own text states.
class LibrarySet final : public LibraryProvider {
 public:
  // Returns the name the text states; empty when it states none.
  std::string Add(std::string text);
  [[nodiscard]] const std::string* Find(std::string_view name, std::string_view version) const override;
  [[nodiscard]] std::vector<std::string> Versions(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> Names() const override;

 private:
  struct Entry {
    std::string name, version, text;
  };
  std::vector<std::unique_ptr<Entry>> entries_;
};

struct CompileOptions {
  const LibraryProvider* libraries = nullptr;
  // `using NAME version 'VERSION'`; null where the model is not known. Not set: System alone.
  const DataModel* (*find_model)(std::string_view name, std::string_view version) = nullptr;
  // Of an expression: the model it is about, with its Patient context; null: none.
  const DataModel* model = nullptr;
  // An include whose version is not there takes the version that is, with a warning.
  bool versions_present = false;
};

struct Compiled {
  std::shared_ptr<const Program> program;  // never null: it owns the texts the diagnostics point to
  Diagnostics diagnostics;
  [[nodiscard]] bool ok() const { return !diagnostics.HasErrors(); }
};

[[nodiscard]] Compiled CompileLibrary(std::string text, std::string source_name, const CompileOptions& options);
// The one definition of the program is named "expression".
[[nodiscard]] Compiled CompileExpression(std::string text, std::string source_name, const CompileOptions& options);

}  // namespace plumbline::cql

// The options of `plumbline analyse`, one function a subcommand: what --help shows and where each goes.
#pragma once

#include "engine/app/analyse/analyse.h"
#include "engine/app/command.h"

namespace plumbline::app {

void AgreementOptions(CLI::App* command, analyse::AgreementRequest* request);
void ChartOptionsOf(CLI::App* command, analyse::ChartRequest* request);
void FunnelOptionsOf(CLI::App* command, analyse::FunnelRequest* request);
void CompareOptions(CLI::App* command, analyse::CompareRequest* request);
void DetectOptions(CLI::App* command, analyse::DetectRequest* request);

}  // namespace plumbline::app

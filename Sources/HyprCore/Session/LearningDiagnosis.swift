internal import CSystem

// What the losses say: learning ran away, changes nothing, or is no better than guessing.

#if HYPR_LEARNING
  extension Session {
    /// Whether outputs are right no more often than always saying the class that comes most often. Of values only the loss tells.
    private func isNoBetterThanGuessing(_ learner: UnsafeMutablePointer<Learner>) -> Bool {
      guard learner.pointee.values.taught == 0 else { return true }
      return Double(learner.pointee.progress.statistics.correctSteps) <= 1.1 * learner.pointee.classes.mostFrequent
    }

    @inline(never) mutating func addDiverged(_ lines: inout FoundLines) {
      guard let learner else { return }
      let report = statisticsReport()
      let isOfValues = learner.pointee.values.taught > 0
      let tried = report.updates + report.skippedUpdates
      if report.skippedUpdates > 0 && Double(report.skippedUpdates) >= Threshold.skippedShare * Double(tried) {
        return lines.append(
          .diverged,
          """
          learning diverged: \(report.skippedUpdates) of \(tried) updates were left out, as the gradient was not finite or too \
          long: lower the learning rate, which is \(rounded: report.learningRate), or the scale of the inputs
          """)
      }
      let first = learner.pointee.progress.statistics.firstMeanLoss
      guard report.updates > 0, report.taughtSteps > learner.pointee.progress.statistics.firstSteps, report.chanceLoss > 0,
        report.meanLoss > (isNoBetterThanGuessing(learner) ? Threshold.divergedLoss : Threshold.surelyDivergedLoss)
          * max(first, isOfValues ? report.chanceLoss : system_log_double(Double(model.pointee.outputSize)))
      else { return }
      lines.append(
        .diverged,
        """
        learning diverged: the mean loss is \(rounded: report.meanLoss), at first it was \(rounded: first), and guessing gives \
        \(rounded: report.chanceLoss): lower the learning rate, which is \(rounded: report.learningRate), or the scale of the inputs
        """)
    }

    @inline(never) mutating func addLearning(_ lines: inout FoundLines) {
      guard let learner else { return }
      let report = statisticsReport()
      guard report.updates >= Threshold.updates else { return }
      if report.unchangedUpdates == report.updates {
        lines.append(
          .noChange,
          """
          none of \(report.updates) updates changed a parameter: the learning rate, \(rounded: report.learningRate), is too \
          small, or no gradient reaches what is trained
          """)
      }
      let isOfValues = learner.pointee.values.taught > 0
      let how: Text = isOfValues ? "the mean of the values" : "how often each class comes"
      let least = isOfValues ? .leastNormalMagnitude : Threshold.leastEntropy
      guard report.taughtSteps >= Threshold.steps, report.chanceLoss >= least,
        report.meanLoss >= Threshold.chanceLoss * report.chanceLoss, !lines.findings.contains(.diverged),
        isNoBetterThanGuessing(learner)
      else { return }
      lines.append(
        .chance,
        """
        no better than guessing: the mean loss is \(rounded: report.meanLoss), and always saying \(how) gives \
        \(rounded: report.chanceLoss)
        """)
    }
  }
#endif

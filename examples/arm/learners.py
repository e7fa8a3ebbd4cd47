"""What learns the torque that the nominal model lacks. Each predicts it for a motion that is wanted, and is taught the one that was
measured, LAG steps late, for the motion of that time. Torques are pairs in units of UNITS."""

import math
from collections import deque

import numpy as np

import hypr
from dynamics import TIME_STEP, features, regressor

LAG = 10  # control steps from a prediction to the torque that is measured for it: command delay and filters
UNITS = (8.0, 4.0)  # Nm
LIMIT = 3.0  # of a prediction


class Nothing:
    """Predicts no torque."""

    def __init__(self, seed=0, rate=0.0, inputs=8): pass

    def predict(self, motion, gripper): return 0.0, 0.0

    def teach(self, torque, measured): pass


class RecursiveLeastSquares:
    """The arm's true equation: torques are linear in nine parameters. `rate`: part that is forgotten in a step."""

    def __init__(self, seed, rate, inputs=8):
        self.forgetting = 1 - rate
        self.parameters, self.covariance = np.zeros(9), np.eye(9) * 10

    def predict(self, motion, gripper):
        return tuple(regressor(*motion) @ self.parameters / UNITS)

    def teach(self, torque, measured):
        inputs = regressor(*measured)
        projected = self.covariance @ inputs.T
        gain = projected @ np.linalg.inv(np.eye(2) * self.forgetting + inputs @ projected)
        self.parameters += gain @ (np.multiply(torque, UNITS) - inputs @ self.parameters)
        self.parameters = np.clip(self.parameters, -20, 20)
        self.covariance = (self.covariance - gain @ projected.T) / self.forgetting
        # Parameters that the motion does not excite are not forgotten without bound.
        self.covariance *= min(1, 20 / np.trace(self.covariance))


class Perceptron:
    """One hidden layer of tanh, a step of gradient descent after every control step. `taps`: how many earlier motions it sees, each
    `spacing` steps before the next. `normalized`: errors are divided by the squared norm of the hidden outputs, as in NLMS.
    `latched`: it is told that the gripper is closed, not that it moves."""

    def __init__(self, seed, rate, inputs=8, taps=0, spacing=10, neurons=64, normalized=True, latched=False):
        random = np.random.default_rng(seed)
        heard, inputs = inputs, inputs * (1 + taps)
        self.rate, self.spacing, self.normalized, self.latched = rate, spacing, normalized, latched
        self.hidden = random.normal(0, 1.5 / math.sqrt(inputs), (neurons, inputs))
        self.bias = random.normal(0, 0.3, neurons)
        self.output = np.zeros((2, neurons + 1))
        self.motions = deque([features((0, 0), (0, 0), (0, 0), 0)[:heard]] * (spacing * taps + 1), maxlen=spacing * taps + 1)
        self.past = deque(maxlen=LAG)

    def predict(self, motion, gripper):
        self.motions.append(features(*motion, *map(float, gripper[self.latched:][:1])))
        seen = [self.motions[place] for place in range(len(self.motions) - 1, -1, -self.spacing)]
        inputs = np.array(seen).ravel()
        outputs = np.append(np.tanh(self.hidden @ inputs + self.bias), 1)
        self.past.append(inputs)
        return tuple(self.output @ outputs)

    def teach(self, torque, measured):
        inputs = self.past[0]
        outputs = np.append(np.tanh(self.hidden @ inputs + self.bias), 1)
        error = self.output @ outputs - torque
        if self.normalized: error = error / (outputs @ outputs)
        slope = (self.output[:, :-1].T @ error) * (1 - outputs[:-1]**2)
        self.output -= self.rate * np.outer(error, outputs)
        self.hidden -= self.rate * np.outer(slope, inputs)
        self.bias -= self.rate * slope


class Recurrent:
    """A recurrent network in hypr, spiking or of GRU cells, in two sessions: one predicts what will be needed, the other goes through the
    same motions LAG steps later, when the torque is known, and learns. Its errors are those of the weights that it has now.

    Its layer hears the features times `scale`; `slow`: its neurons remember for up to a second (500 steps), each as long as it is
    drawn; `learns`: False keeps the network as it was drawn, and its readout at zero.
    """

    def __init__(self, seed, rate, inputs=8, neuron="se_adlif", neurons=64, scale=10.0, tau=5.0, window=2, optimizer="nlms",
                 slow=False, learns=True):
        layer = {"adaptation_gain": 2.0} if neuron == "se_adlif" else {}
        if slow and neuron == "se_adlif": layer |= {"tau_u_max": 100.0, "tau_w_max": 500.0}
        if slow and neuron == "gru":  # the gate that keeps, open for a time constant between 2 and 500 steps
            keeps = np.log(np.random.default_rng(seed).uniform(1, 499, neurons))
            layer["bias"] = np.concatenate([np.zeros(neurons), keeps, np.zeros(neurons)])
        model = (hypr.ModelBuilder(inputs=inputs, dt=TIME_STEP).input(scale=scale).layer(neuron, neurons, **layer)
                 .readout(2, tau=np.full(2, tau), weight=np.zeros((2, neurons))).build(seed))
        self.learns, self.window, self.steps = learns, window, 0
        self.predictor = hypr.Session(model, learning=False)
        self.learner = hypr.Session(model, optimizer=optimizer, learning_rate=rate, window=window, gradient_clip=0, epsilon=1e-3)
        self.past = deque(maxlen=LAG)
        self.outputs, self.late_outputs = np.zeros(2, np.float32), np.zeros(2, np.float32)

    def predict(self, motion, gripper):
        self.past.append(np.array(features(*motion, *gripper[:1]), np.float32))
        self.predictor.step(self.past[-1], out=self.outputs)
        return self.outputs.tolist()

    def teach(self, torque, measured):
        if not self.learns: return
        self.learner.step(self.past[0], out=self.late_outputs)  # closes the window before it, if that is full
        self.learner.teach(np.array(torque, np.float32))
        if self.steps % self.window == 0: self.predictor.copy_parameters(self.learner)
        self.steps += 1

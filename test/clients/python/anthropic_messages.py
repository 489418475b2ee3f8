import sys
from anthropic import Anthropic, beta_tool

url, key, model = sys.argv[1:]
client = Anthropic(base_url=url, api_key=key, max_retries=0)


@beta_tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny-21 in {city}"


question = [{"role": "user", "content": "Is it sunny in Rome?"}]
runner = client.beta.messages.tool_runner(model=model, max_tokens=1000, messages=question, tools=[weather])
answers = list(runner)
with client.messages.stream(
    model=model, max_tokens=1000, messages=[{"role": "user", "content": "Hello!"}]
) as stream:
    text = "".join(stream.text_stream)
    end = stream.get_final_message().stop_reason
tokens = client.messages.count_tokens(model=model, messages=question).input_tokens
assert tokens > 0, tokens
print(answers[0].stop_reason, end, answers[-1].content[0].text, text == answers[-1].content[0].text)

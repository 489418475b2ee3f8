import sys
from google import genai
from google.genai import types

url, key, model = sys.argv[1:]
client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url))


def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny-21 in {city}"


config = types.GenerateContentConfig(tools=[weather])
answer = client.models.generate_content(model=model, contents="Is it sunny in Rome?", config=config)
stream = client.models.generate_content_stream(model=model, contents="Hello!")
text = "".join(chunk.text or "" for chunk in stream)
tokens = client.models.count_tokens(model=model, contents="Hello!").total_tokens
assert tokens > 0, tokens
print(answer.candidates[0].finish_reason.name, answer.text, text == answer.text)

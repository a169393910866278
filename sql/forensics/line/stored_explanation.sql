SELECT fame.explain($body);
